"""Rules of refunds and rates of tax that were set on the desk, with their history (REF-01, ORD-13)."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from portal.blueprints.api.operations import FOR_MALL, operation
from portal.blueprints.api.schemas import Instant, Out
from portal.blueprints.api.v1.examples import AT
from portal.db import reading
from portal.queries.refund_policies import list_refund_rules
from portal.queries.taxes import list_tax_rates
from portal.rules.permissions import Permission


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


class TaxRateOut(DatedRule):
    """What goods bear."""

    rate: str = Field(description="A fraction.", examples=["0.1000"])
    inclusive: bool | None = Field(description="Prices are shown with it; said of the whole channel only.")


class TaxRates(Out):
    """Rates of tax, the latest to begin first. Where none has begun, the rate of the channel's making holds."""

    items: list[TaxRateOut]


DATED: dict[str, Any] = {
    "id": 3,
    "channel_id": 1,
    "section_id": None,
    "valid_from": AT,
    "note": "The law of 2026.",
    "set_by": "Ada",
    "set_at": AT,
    "withdrawn_by": None,
    "withdrawn_at": None,
}
REFUND_RULE: dict[str, Any] = {
    **DATED,
    "window_days": 14,
    "returnable": True,
    "exchangeable": None,
    "way_back": "buyer",
    "return_reasons": None,
    "picture_reasons": None,
    "restocking_basis_points": 500,
    "approve_above": {"KRW": 1_000_000},
}


@operation(
    "GET",
    "/refund-rules",
    tag="Refunds",
    summary="List the rules of refunds",
    description="Those that hold, that are still to begin, and that are over, of every channel and section.",
    permission=Permission.CHANNEL_VIEW,
    within=FOR_MALL,
    answer=RefundRules,
    example={"items": [REFUND_RULE]},
)
def list_rules_of_refunds() -> RefundRules:
    with reading() as session:
        rows = list_refund_rules(session)
    return RefundRules(items=[RefundRuleOut.model_validate(row, from_attributes=True) for row in rows])


@operation(
    "GET",
    "/tax-rates",
    tag="Channels",
    summary="List the rates of tax",
    description="Those that hold, that are still to begin, and that are over, of every channel and section.",
    permission=Permission.CHANNEL_VIEW,
    within=FOR_MALL,
    answer=TaxRates,
    example={"items": [{**DATED, "rate": "0.1000", "inclusive": True}]},
)
def list_rates_of_tax() -> TaxRates:
    with reading() as session:
        rows = list_tax_rates(session)
    return TaxRates(
        items=[
            TaxRateOut(
                id=row.id,
                channel_id=row.channel_id,
                section_id=row.section_id,
                valid_from=row.valid_from,
                note=row.note,
                set_by=row.set_by,
                set_at=row.set_at,
                withdrawn_by=row.withdrawn_by,
                withdrawn_at=row.withdrawn_at,
                rate=str(row.rate),
                inclusive=row.inclusive,
            )
            for row in rows
        ]
    )
