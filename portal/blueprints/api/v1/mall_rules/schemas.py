"""Rules of refunds and rates of tax, as programs read and set them (REF-01, ORD-13)."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from portal.blueprints.api.schemas import BIGINT_MAX, PRINTABLE, In, Instant, Minor, Moment, Out
from portal.blueprints.api.v1.refunds.schemas import ReasonCode
from portal.services.refunds.set_rule import NOTE_LENGTH_MAX, WHOLE, WINDOW_DAYS_MAX

Id = Annotated[int, Field(ge=1, le=BIGINT_MAX)]
Note = Annotated[str, StringConstraints(max_length=NOTE_LENGTH_MAX, pattern=PRINTABLE)]
Reasons = Annotated[list[ReasonCode], Field(max_length=10)]
Currency = Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]


class DatedRule(Out):
    """What holds from a moment on, for a channel and a section or for all of them."""

    id: int
    channel_id: int | None = Field(description="Null for every channel.")
    section_id: int | None = Field(description="Null for all goods of which nothing closer is said.")
    valid_from: Instant
    note: str = Field(description="Why it was set.")
    set_by: str | None
    set_at: Instant | None
    withdrawn_by: str | None = Field(description="Who called it off before it began.")
    withdrawn_at: Instant | None


class RefundRuleOut(DatedRule):
    """How goods come back; what a rule leaves open is null, and the next closest rule holds."""

    window_days: int | None = Field(description="Days from delivery.")
    returnable: bool | None
    exchangeable: bool | None
    way_back: Literal["buyer", "store"] | None = Field(description="Who pays for it.")
    return_reasons: list[str] | None
    picture_reasons: list[str] | None = Field(description="Those that need pictures.")
    restocking_basis_points: int | None = Field(description="What the store keeps when it comes back by choice.")
    approve_above: dict[str, int] | None = Field(
        description="Above it an administrator agrees: minor units by currency."
    )


class RefundRules(Out):
    """Rules of refunds, the latest to begin first."""

    items: list[RefundRuleOut]


class RefundRuleIn(In):
    """A rule that holds for what is ordered from a moment on; what it leaves out, the next closest rule says."""

    channel_id: Id | None = Field(default=None, description="Left out: every channel.")
    section_id: Id | None = Field(default=None, description="Left out: all goods of which nothing closer is said.")
    window_days: Annotated[int, Field(ge=0, le=WINDOW_DAYS_MAX)] | None = None
    returnable: bool | None = None
    exchangeable: bool | None = None
    way_back: Literal["buyer", "store"] | None = None
    return_reasons: Reasons | None = Field(default=None, description="The reasons that are taken, one at least.")
    picture_reasons: Reasons | None = Field(default=None, description="Those of them that need pictures.")
    restocking_basis_points: Annotated[int, Field(ge=0, le=WHOLE)] | None = None
    approve_above: Annotated[dict[Currency, Minor], Field(max_length=1)] | None = Field(
        default=None, description="Of one channel, in its currency."
    )
    valid_from: Moment | None = Field(default=None, description="Left out: at once.")
    note: Note = Field(default="", description="Why it is set.")


class TaxRateOut(DatedRule):
    """What goods bear."""

    rate: str = Field(description="A fraction.", examples=["0.1000"])
    inclusive: bool | None = Field(description="Prices are shown with it; said of the whole channel only.")


class TaxRates(Out):
    """Rates of tax, the latest to begin first. Where none has begun, the rate of the channel's making holds."""

    items: list[TaxRateOut]


class TaxRateIn(In):
    """What the goods of a channel bear from a moment on."""

    channel_id: Id
    section_id: Id | None = Field(
        default=None, description="Left out: all goods for which no section's rate is set, and shipping."
    )
    rate: Annotated[str, StringConstraints(pattern=r"^(0(\.[0-9]{1,6})?|1(\.0{1,6})?)$")] = Field(
        description="A fraction from 0 to 1.", examples=["0.1"]
    )
    inclusive: bool | None = Field(
        default=None, description="Prices are shown with it. Left out: as it is; with a section it is not asked."
    )
    valid_from: Moment | None = Field(default=None, description="Left out: at once.")
    note: Note = Field(default="", description="Why it is set.")
