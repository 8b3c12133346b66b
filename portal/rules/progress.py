"""How far an order's goods are, as its buyer would say it, from the states of its parts (B25)."""

from __future__ import annotations

from collections.abc import Collection
from enum import StrEnum
from typing import Final

from portal.rules.refund_policy import BEFORE_SHIPMENT

ARRIVED: Final = frozenset({"delivered", "closed"})


class Progress(StrEnum):
    """`PARTLY`: something is on its way, something is not. `CLOSED`: the time for returns is over.

    `NONE`: nothing of it is kept.
    """

    WAITS = "waits"
    PREPARED = "prepared"
    PARTLY = "partly"
    ON_THE_WAY = "on_the_way"
    ARRIVED = "arrived"
    CLOSED = "closed"
    COMES_BACK = "comes_back"
    NONE = "none"


def progress_of(parts: Collection[tuple[str, bool]]) -> Progress:
    """How far the goods are; of each part its state, and whether something of it has left."""
    kept = [(status, has_left) for status, has_left in parts if status != "cancelled"]
    states = {status for status, _ in kept}
    if not kept:
        return Progress.NONE
    if states <= BEFORE_SHIPMENT:
        if any(has_left for _, has_left in kept):
            return Progress.PARTLY
        return Progress.WAITS if states == {"held"} else Progress.PREPARED
    if states & BEFORE_SHIPMENT:
        return Progress.PARTLY
    if "returning" in states:
        return Progress.COMES_BACK
    if states == {"closed"}:
        return Progress.CLOSED
    return Progress.ARRIVED if states <= ARRIVED else Progress.ON_THE_WAY
