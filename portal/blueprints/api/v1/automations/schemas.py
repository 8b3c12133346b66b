"""Automations as programs read and write them (INC-03)."""

from __future__ import annotations

import uuid
from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints

from portal.blueprints.api.schemas import BIGINT_MAX, SAID, Amount, In, Instant, Minor, Out
from portal.rules.automations import CONTROL_BP_MAX, CONTROL_BP_MIN, DAYS_MAX, PEOPLE_MAX, TITLE_LENGTH_MAX

Id = Annotated[int, Field(ge=1, le=BIGINT_MAX)]
Hour = Annotated[int, Field(ge=0, le=23)]
EventName = Literal["order.paid", "tier.moved", "refund.succeeded"]
ActionName = Literal["coupon", "mileage", "deposit"]
ToldByName = Literal["bell", "mail", "both"]
StateName = Literal["draft", "running", "paused", "ended"]
SegmentKey = Annotated[str, StringConstraints(min_length=1, max_length=40, pattern=r"^[a-z0-9_]*$")]


class ArmCount(Out):
    """How many people of an arm stand so."""

    arm: str = Field(examples=["offer"])
    state: str
    reason: str | None
    people: int


class Outcome(Out):
    """What the people of an arm did whose window is over, in the platform's currency."""

    arm: str
    people: int
    bought: int
    revenue: Amount
    cost: Amount


class Trial(Out):
    """Whom it would have reached in the days before; `detectable_bp` is the smallest difference it would show."""

    days: int
    reached: int
    allowed: int
    offer: int
    control: int
    holdout: int
    bought: int
    cost_minor: int = Field(description="Points, or minor units of its currency.")
    detectable_bp: int | None
    at: str


class Automation(Out):
    """An offer that is made by itself when somebody enters a segment, or on an event."""

    id: int
    title: str
    state: StateName
    reason: str | None = Field(description="Why it was paused by itself.")
    channel_id: int
    segment: str | None
    event: str | None
    action: ActionName
    campaign_id: int | None
    amount_minor: int | None = Field(description="Points, or minor units of `currency`; null for a coupon.")
    currency: str = Field(description="ISO 4217, or PTS.")
    people_max: int
    made: int = Field(description="Offers made, of `people_max`.")
    every_days: int
    window_days: int
    control_basis_points: int
    quiet_from: int
    quiet_until: int
    told_by: ToldByName
    trial: Trial | None = Field(description="The last trial on the past; null before the first.")
    started_at: Instant | None
    written_by: uuid.UUID
    written_at: Instant
    version: int


class AutomationList(Out):
    """All of them, the newest first."""

    items: list[Automation]


class AutomationDetail(Automation):
    """One, with what came of it."""

    arms: list[ArmCount]
    outcomes: list[Outcome] = Field(description="Of people whose window is over, by arm.")


class AutomationIn(In):
    """An automation as it is wanted: for a segment, or on an event."""

    title: Annotated[str, StringConstraints(max_length=TITLE_LENGTH_MAX, pattern=SAID)]
    channel_id: Id
    segment: SegmentKey | None = Field(default=None, description="Whoever enters it; either this or `event`.")
    event: EventName | None = None
    action: ActionName = "coupon"
    campaign_id: Id | None = Field(default=None, description="For a coupon: one of the mall that is given to people.")
    amount_minor: Minor | None = Field(
        default=None, description="For mileage the points, for a deposit minor units of the channel's currency."
    )
    people_max: Annotated[int, Field(ge=1, le=PEOPLE_MAX)]
    every_days: Annotated[int, Field(ge=0, le=DAYS_MAX)] = 30
    window_days: Annotated[int, Field(ge=1, le=DAYS_MAX)] = 30
    control_basis_points: Annotated[int, Field(ge=CONTROL_BP_MIN, le=CONTROL_BP_MAX)] = 1_000
    quiet_from: Hour = 21
    quiet_until: Hour = 8
    told_by: ToldByName = "bell"


class AutomationMove(In):
    """What is to be done with it."""

    do: Literal["start", "pause", "end"]
    version: Annotated[int, Field(ge=1, le=2**31 - 1)] = Field(description="The version that was read.")


def trial_of(found: dict[str, Any] | None) -> Trial | None:
    """The last trial as programs read it."""
    return Trial.model_validate(found) if found is not None else None
