"""How long a seller has for each step (ORD-11): working days from the moment when an order is his."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from portal.rules.refund_policy import working_day_after

ACCEPT_WORKING_DAYS: Final = 1
SHIP_WORKING_DAYS: Final = 2
# A buyer who writes is answered within this (ORD-08).
ANSWER_WORKING_DAYS: Final = 1
# A warning goes out so long before the end, so that it can still be kept.
WARN_BEFORE: Final = timedelta(hours=4)


class Step(StrEnum):
    """What is waited for."""

    ACCEPT = "accept"
    SHIP = "ship"
    DELIVER = "deliver"


# In which states of a part a step is still to be done.
OPEN_IN: Final = {
    Step.ACCEPT: frozenset({"released"}),
    Step.SHIP: frozenset({"released", "accepted", "packed"}),
    Step.DELIVER: frozenset({"released", "accepted", "packed", "shipped"}),
}


@dataclass(frozen=True, slots=True)
class Deadlines:
    """Until when a part is to be confirmed and to be sent; both are exclusive."""

    accept_by: datetime
    ship_by: datetime


def deadlines_from(released_at: datetime) -> Deadlines:
    """The deadlines of a part that its seller gets now."""
    return Deadlines(_after(released_at, ACCEPT_WORKING_DAYS), _after(released_at, SHIP_WORKING_DAYS))


def answer_by(at: datetime) -> datetime:
    """Until when what was written now is to be answered; exclusive."""
    return _after(at, ANSWER_WORKING_DAYS)


def next_step(status: str) -> Step | None:
    """The step that a part waits for first."""
    return next((step for step, states in OPEN_IN.items() if status in states), None)


def _after(at: datetime, days: int) -> datetime:
    for _day in range(days):
        at = working_day_after(at)
    return at
