"""Offers that are chosen for buyers: what may be set, and by which name what was chosen goes (INC-04)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from portal.kit.text import N_

# To offer nothing is a choice like the others.
NONE = "none"
TITLE_LENGTH_MAX = 80
NOTE_LENGTH_MAX = 200
PEOPLE_MAX = 1_000_000
POSITION_MAX = 1_000
DAYS_MAX = 365


class Place(StrEnum):
    """Where somebody looks."""

    HOME = "home"
    CART = "cart"


class Mode(StrEnum):
    """By what it is chosen: by what was learned, or by the order in which offers stand."""

    LEARNED = "learned"
    RULES = "rules"


@dataclass(frozen=True, slots=True)
class Strategy:
    """How offers are chosen. A choice stands for `every_days`, and its reward is what comes in `window_days`.

    An offer is paused by itself when more than `fraud_bp_max` of the orders with its coupon are held for their risk, or
    when what it returns per unit spent, measured against nothing, lies surely below `roii_bp_min`.
    """

    mode: str = Mode.LEARNED.value
    every_days: int = 14
    window_days: int = 14
    fraud_bp_max: int = 1_000
    roii_bp_min: int = -5_000

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, body: Mapping[str, Any]) -> Strategy:
        return cls(**{name: body[name] for name in cls.__dataclass_fields__ if name in body})


@dataclass(frozen=True, slots=True)
class OfferDraft:
    """An offer as somebody writes it."""

    title: str
    campaign_id: int
    channel_id: int | None = None
    segment: str = ""
    position: int = 100
    people_max: int = 0


def faults_of(draft: OfferDraft) -> dict[str, str]:
    """What cannot be so, by the field's name; whether things exist is asked elsewhere."""
    faults: dict[str, str] = {}
    if not draft.title.strip():
        faults["title"] = N_("Say in a few words what it is for.")
    if not 0 < draft.people_max <= PEOPLE_MAX:
        faults["people_max"] = N_("Say to how many people it is offered at most.")
    if not 0 <= draft.position <= POSITION_MAX:
        faults["position"] = N_("Say a number from 0 to 1,000.")
    return faults


def strategy_faults(draft: Strategy) -> dict[str, str]:
    """The same for a strategy."""
    faults: dict[str, str] = {}
    if draft.mode not in set(Mode):
        faults["mode"] = N_("Choose one of these.")
    for name in ("every_days", "window_days"):
        if not 1 <= getattr(draft, name) <= DAYS_MAX:
            faults[name] = N_("Say a number of days from 1 to 365.")
    if draft.every_days < draft.window_days:
        # Two choices whose windows overlap would both be given what was bought in both.
        faults.setdefault("every_days", N_("A choice stands at least as long as purchases are followed."))
    if not 0 <= draft.fraud_bp_max <= 10_000:
        faults["fraud_percent"] = N_("Say a percentage from 0 to 100.")
    if not -10_000 <= draft.roii_bp_min <= 1_000_000:
        faults["roii"] = N_("Say a number from -1 to 100.")
    return faults
