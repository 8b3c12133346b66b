"""Automations: who is in which arm, when somebody may be told, and what may be set (INC-03, INC-06)."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from portal.kit.text import N_

BUCKETS = 10_000
# Of everybody so many, in basis points, never get an offer by an automation, for comparison.
HOLDOUT_BP = 500
CONTROL_BP_MIN, CONTROL_BP_MAX = 500, 5_000
PEOPLE_MAX = 1_000_000
DAYS_MAX = 365
TITLE_LENGTH_MAX = 80
# Offers are advertising, and nobody is told of one at night where the law forbids it: Korea, from 21 to 8 (Act on
# Promotion of Information and Communications Network Utilization, article 50).
NIGHT_BY_LAW = {"KR": (21, 8)}
# How the subject of a mail that advertises begins where the law says so (the same act's decree, table 6).
AD_MARK_BY_LAW = {"KR": "(광고) "}
# Whoever agreed to offers by mail was promised no more than one in this time.
MAILED_EVERY = timedelta(days=7)


class Arm(StrEnum):
    """What somebody was drawn into, before he was offered anything."""

    OFFER = "offer"
    CONTROL = "control"
    HOLDOUT = "holdout"


class ToldBy(StrEnum):
    """How somebody hears of his offer."""

    BELL = "bell"
    MAIL = "mail"
    BOTH = "both"


class Action(StrEnum):
    """What is offered."""

    COUPON = "coupon"
    MILEAGE = "mileage"
    DEPOSIT = "deposit"


# Events on which an offer can be made, beside entering a segment.
EVENTS = {
    "order.paid": N_("An order is paid"),
    "tier.moved": N_("A tier is reached or left"),
    "refund.succeeded": N_("A refund is complete"),
}


def bucket(salt: str, user_id: uuid.UUID) -> int:
    """A number below BUCKETS that is always the same for a person and a salt, and says nothing about another salt's."""
    return int.from_bytes(hashlib.sha256(f"{salt}:{user_id}".encode()).digest()[:8]) % BUCKETS


def arm_of(user_id: uuid.UUID, *, house_salt: str, holdout_bp: int, salt: str, control_bp: int) -> Arm:
    """The arm of a person: first the house's permanent control group, then the automation's own."""
    if bucket(house_salt, user_id) < holdout_bp:
        return Arm.HOLDOUT
    return Arm.CONTROL if bucket(salt, user_id) < control_bp else Arm.OFFER


def may_tell_at(at: datetime, *, zone: str, country: str, quiet: tuple[int, int] | None) -> datetime:
    """When somebody may be told who is to be told at `at`: then, or when all quiet hours in which it falls are over.

    Where quiet hours and the law's night leave no hour of the day, the law's night alone counts.
    """
    local = at.astimezone(ZoneInfo(zone))
    law = [NIGHT_BY_LAW[country]] if country in NIGHT_BY_LAW else []
    hours = [*law, quiet] if quiet is not None and quiet[0] != quiet[1] else law
    if all(_is_quiet(hour, hours) for hour in range(24)):
        hours = law
    while _is_quiet(local.hour, hours):
        local = datetime.combine(local.date(), time(local.hour), tzinfo=local.tzinfo) + timedelta(hours=1)
    return max(at, local.astimezone(at.tzinfo))


def _is_quiet(hour: int, spans: Sequence[tuple[int, int]]) -> bool:
    return any(first <= hour < last if first <= last else hour >= first or hour < last for first, last in spans)


@dataclass(frozen=True, slots=True)
class AutomationDraft:
    """An automation as somebody writes it. `amount_minor` is points, or minor units of the channel's currency."""

    title: str
    channel_id: int
    segment: str = ""
    event: str = ""
    action: str = Action.COUPON.value
    campaign_id: int | None = None
    amount_minor: int | None = None
    people_max: int = 0
    every_days: int = 30
    control_bp: int = 1_000
    window_days: int = 30
    quiet_from: int = 21
    quiet_until: int = 8
    told_by: str = ToldBy.BELL.value


def faults_of(draft: AutomationDraft) -> dict[str, str]:
    """What cannot be so, by the field's name; whether things exist is asked elsewhere."""
    faults: dict[str, str] = {}
    if not draft.title.strip():
        faults["title"] = N_("Say in a few words what it is for.")
    if bool(draft.segment) == bool(draft.event) or (draft.event and draft.event not in EVENTS):
        faults["segment"] = N_("Choose either a segment or an event.")
    if draft.action not in set(Action):
        faults["action"] = N_("Choose one of these.")
    elif (draft.action == Action.COUPON) == (draft.campaign_id is None):
        faults["campaign_id"] = N_("Choose the coupon, where one is offered.")
    elif draft.action != Action.COUPON and not 0 < (draft.amount_minor or 0) <= 10**9:
        faults["amount"] = N_("Say how much is given, above zero.")
    if draft.told_by not in set(ToldBy):
        faults["told_by"] = N_("Choose one of these.")
    if not 0 < draft.people_max <= PEOPLE_MAX:
        faults["people_max"] = N_("Say to how many people it is offered at most.")
    if not 0 <= draft.every_days <= DAYS_MAX:
        faults["every_days"] = N_("Say a number of days from 0 to 365.")
    if not 1 <= draft.window_days <= DAYS_MAX:
        faults["window_days"] = N_("Say a number of days from 1 to 365.")
    if not CONTROL_BP_MIN <= draft.control_bp <= CONTROL_BP_MAX:
        faults["control_percent"] = N_("Keep a control group of 5 to 50 per cent.")
    if not (0 <= draft.quiet_from <= 23 and 0 <= draft.quiet_until <= 23):
        faults["quiet_from"] = N_("Hours are from 0 to 23.")
    return faults
