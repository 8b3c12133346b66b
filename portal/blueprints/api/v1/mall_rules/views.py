"""Rules of refunds and rates of tax: their history, a new one, and one called off before it begins (REF-01, ORD-13)."""

from __future__ import annotations

from decimal import Decimal

from portal.blueprints.api import once
from portal.blueprints.api.keys import api_actor
from portal.blueprints.api.operations import FOR_MALL, PathValue, Reply, operation
from portal.blueprints.api.schemas import BIGINT_MAX
from portal.blueprints.api.v1.mall_rules import examples
from portal.blueprints.api.v1.mall_rules.schemas import (
    RefundRuleIn,
    RefundRuleOut,
    RefundRules,
    TaxRateIn,
    TaxRateOut,
    TaxRates,
)
from portal.db import atomically, reading
from portal.kit import clock
from portal.queries.channels import forget_channels
from portal.queries.refund_policies import list_refund_rules
from portal.queries.taxes import TaxRateRow, list_tax_rates
from portal.rules.permissions import Permission
from portal.services.channels import write_tax_rate as taxes
from portal.services.refunds import set_rule as refunds

RULE = {
    "rule_id": PathValue("The rule's id.", {"type": "integer", "minimum": 1, "maximum": BIGINT_MAX}, examples.RULE_ID)
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
    example={"items": [examples.REFUND_RULE]},
)
def list_rules_of_refunds() -> RefundRules:
    with reading() as session:
        rows = list_refund_rules(session)
    return RefundRules(items=[RefundRuleOut.model_validate(row, from_attributes=True) for row in rows])


@operation(
    "POST",
    "/refund-rules",
    tag="Refunds",
    summary="Set a rule of refunds",
    description="It takes the place of the one before it for the same goods. Orders keep the rule of their day.",
    permission=Permission.CHANNEL_CONFIGURE,
    within=FOR_MALL,
    body=RefundRuleIn,
    body_example=examples.REFUND_TERMS,
    answer=RefundRuleOut,
    status=201,
    answer_text="The rule is set.",
    example=examples.REFUND_RULE,
    refusals=(
        refunds.RefundRuleForbiddenError,
        refunds.RefundRulePlaceError,
        refunds.RefundRuleReasonsError,
        refunds.RefundRuleLimitError,
        refunds.RefundRuleStartError,
        refunds.RefundRuleTakenError,
        *once.REFUSALS,
    ),
    is_idempotent=True,
    headers=once.HEADERS,
)
def set_rule_of_refunds(body: RefundRuleIn, key: str) -> Reply:
    actor, now = api_actor(), clock.now()
    terms = refunds.RuleTerms(
        **body.model_dump(exclude={"channel_id", "section_id", "valid_from", "note"}),
    )
    rule_id, headers = once.make_once(
        key,
        scope="refund-rule",
        body=body,
        make=lambda s: refunds.set_refund_rule(
            s,
            channel_id=body.channel_id,
            section_id=body.section_id,
            terms=terms,
            valid_from=body.valid_from,
            note=body.note,
            actor=actor,
            now=now,
        ),
    )
    return Reply(_refund_rule(rule_id), 201, headers)


@operation(
    "POST",
    "/refund-rules/<int:rule_id>/withdrawal",
    tag="Refunds",
    summary="Call off a rule of refunds",
    description="One that has not begun. What has begun stays: orders were placed by it.",
    permission=Permission.CHANNEL_CONFIGURE,
    within=FOR_MALL,
    answer=RefundRuleOut,
    example=examples.REFUND_RULE | examples.CALLED_OFF,
    path_values=RULE,
    refusals=(refunds.RefundRuleForbiddenError, refunds.RefundRuleUnknownError, refunds.RefundRuleBegunError),
)
def call_off_rule_of_refunds(rule_id: int) -> RefundRuleOut:
    actor, now = api_actor(), clock.now()
    atomically(lambda s: refunds.withdraw_refund_rule(s, rule_id=rule_id, actor=actor, now=now))
    return _refund_rule(rule_id)


@operation(
    "GET",
    "/tax-rates",
    tag="Channels",
    summary="List the rates of tax",
    description="Those that hold, that are still to begin, and that are over, of every channel and section.",
    permission=Permission.CHANNEL_VIEW,
    within=FOR_MALL,
    answer=TaxRates,
    example={"items": [examples.TAX_RATE]},
)
def list_rates_of_tax() -> TaxRates:
    with reading() as session:
        rows = list_tax_rates(session)
    return TaxRates(items=[_tax_rate(row) for row in rows])


@operation(
    "POST",
    "/tax-rates",
    tag="Channels",
    summary="Set a rate of tax",
    description=(
        "For the goods of a channel, or of one of its sections. Without a moment it holds as soon as every process "
        "knows of it. Orders keep the rates that they were placed at."
    ),
    permission=Permission.CHANNEL_CONFIGURE,
    within=FOR_MALL,
    body=TaxRateIn,
    body_example=examples.TAX_TERMS,
    answer=TaxRateOut,
    status=201,
    answer_text="The rate is set.",
    example=examples.TAX_RATE,
    refusals=(
        taxes.TaxForbiddenError,
        taxes.TaxPlaceUnknownError,
        taxes.TaxStartError,
        taxes.TaxMomentTakenError,
        *once.REFUSALS,
    ),
    is_idempotent=True,
    headers=once.HEADERS,
)
def set_rate_of_tax(body: TaxRateIn, key: str) -> Reply:
    actor, now = api_actor(), clock.now()
    rate_id, headers = once.make_once(
        key,
        scope="tax-rate",
        body=body,
        make=lambda s: taxes.set_tax_rate(
            s,
            channel_id=body.channel_id,
            section_id=body.section_id,
            percent=Decimal(body.rate) * 100,
            inclusive=body.inclusive,
            valid_from=body.valid_from,
            note=body.note,
            actor=actor,
            now=now,
        ),
    )
    forget_channels()
    return Reply(_rate(rate_id), 201, headers)


@operation(
    "POST",
    "/tax-rates/<int:rule_id>/withdrawal",
    tag="Channels",
    summary="Call off a rate of tax",
    description="One that has not begun. What has begun stays: orders were placed at it.",
    permission=Permission.CHANNEL_CONFIGURE,
    within=FOR_MALL,
    answer=TaxRateOut,
    example=examples.TAX_RATE | examples.CALLED_OFF,
    path_values=RULE,
    refusals=(taxes.TaxForbiddenError, taxes.TaxRateUnknownError, taxes.TaxRateBegunError),
)
def call_off_rate_of_tax(rule_id: int) -> TaxRateOut:
    actor, now = api_actor(), clock.now()
    atomically(lambda s: taxes.withdraw_tax_rate(s, tax_rate_id=rule_id, actor=actor, now=now))
    forget_channels()
    return _rate(rule_id)


def _refund_rule(rule_id: int) -> RefundRuleOut:
    with reading() as session:
        row = next(one for one in list_refund_rules(session) if one.id == rule_id)
    return RefundRuleOut.model_validate(row, from_attributes=True)


def _rate(rate_id: int) -> TaxRateOut:
    with reading() as session:
        return _tax_rate(next(one for one in list_tax_rates(session) if one.id == rate_id))


def _tax_rate(row: TaxRateRow) -> TaxRateOut:
    return TaxRateOut(
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
