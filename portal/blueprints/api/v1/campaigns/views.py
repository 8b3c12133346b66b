"""Campaigns through the services that the desks use; whose they are is asked there (CPN-10, CPN-12)."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from flask_babel import gettext
from sqlalchemy.orm import Session

from portal.blueprints.api.keys import api_actor
from portal.blueprints.api.operations import PathValue, operation
from portal.blueprints.api.problems import RequestInvalidError
from portal.blueprints.api.schemas import Amount, FieldProblem
from portal.blueprints.api.v1.campaigns import examples
from portal.blueprints.api.v1.campaigns.schemas import (
    Campaign,
    CampaignPage,
    CampaignQuery,
    CampaignTerms,
    ConditionKind,
    ConditionKinds,
    CurrencyCost,
    DayCost,
    DryRun,
    DryRunQuery,
    Preview,
    StoreCost,
)
from portal.blueprints.campaigns.form import say_fault
from portal.blueprints.campaigns.side import runs_on
from portal.blueprints.campaigns.words import preview_of
from portal.blueprints.identity import current_locale
from portal.db import atomically, reading
from portal.kit import clock
from portal.kit.paging import CursorInvalidError
from portal.queries.campaign_dry_run import run_dry
from portal.queries.campaign_things import unknown_things
from portal.queries.campaigns import CampaignFilters, CampaignRow, list_campaigns, load_campaign
from portal.rules.coupons.conditions import kinds
from portal.rules.coupons.conditions.fields import Kind as FieldKind
from portal.rules.coupons.draft import CampaignDraft, Distribution, Fault, faults
from portal.rules.coupons.dry_run import CurrencyRun
from portal.rules.coupons.funding import read_funding
from portal.rules.coupons.terms import ConditionTerms, Limits, OnRefund
from portal.rules.permissions import Permission, Scope, scopes_of
from portal.rules.pricing import Kind, Target
from portal.services.coupons.guard import CampaignUnknownError, may_begin, may_issue
from portal.services.coupons.save_campaign import CampaignForbiddenError, CampaignUnfitError, create_campaign

TAG = "Campaigns"
ID = {"campaign_id": PathValue("The campaign's `id`.", {"type": "integer", "minimum": 1}, 12)}


@operation(
    "GET",
    "/campaigns",
    tag=TAG,
    summary="List campaigns",
    description="Those of the person's stores; a manager's those on his channels; a key of the platform's sees all.",
    permission=Permission.COUPON_VIEW,
    query=CampaignQuery,
    answer=CampaignPage,
    example=examples.PAGE,
    refusals=(CursorInvalidError, CampaignForbiddenError),
)
def list_of_campaigns(query: CampaignQuery) -> CampaignPage:
    store_ids, channel_ids = _reach(Permission.COUPON_VIEW)
    filters = CampaignFilters(store_ids=store_ids, channel_ids=channel_ids, state=query.state, kind=query.kind)
    with reading() as session:
        page = list_campaigns(session, filters, cursor=query.cursor, rows_max=query.limit)
        items = [_campaign(session, row) for row in page.rows]
    return CampaignPage(items=items, next_cursor=page.next_cursor, previous_cursor=page.previous_cursor)


@operation(
    "POST",
    "/campaigns",
    tag=TAG,
    summary="Make a campaign",
    description=(
        "It is saved as a draft, which nobody can use before it is launched. A manager's names only his channels."
    ),
    permission=Permission.COUPON_ISSUE,
    body=CampaignTerms,
    body_example=examples.TERMS,
    answer=Campaign,
    status=201,
    answer_text="The campaign is saved.",
    example=examples.CAMPAIGN,
    refusals=(CampaignForbiddenError,),
)
def make_campaign(body: CampaignTerms) -> Campaign:
    draft, actor, now = draft_of_terms(body), api_actor(), clock.now()
    check_draft(draft)
    try:
        made = atomically(lambda session: create_campaign(session, actor=actor, draft=draft, now=now))
    except CampaignUnfitError as error:
        raise invalid_terms(error.faults) from error
    with reading() as session:
        return _campaign(session, _find(session, made))


@operation(
    "POST",
    "/campaigns/preview",
    tag=TAG,
    summary="Say a campaign in words",
    description="Checks the terms like saving does, and says them in every language. Nothing is saved.",
    permission=Permission.COUPON_ISSUE,
    body=CampaignTerms,
    body_example=examples.TERMS,
    answer=Preview,
    example=examples.PREVIEW,
)
def preview_campaign(body: CampaignTerms) -> Preview:
    draft = draft_of_terms(body)
    check_draft(draft)
    with reading() as session:
        if found := unknown_things(session, draft, now=clock.now()):
            raise invalid_terms(found)
        return Preview(words={locale: preview_of(session, draft, locale) for locale in ("en", "ko")})


@operation(
    "GET",
    "/campaigns/<int:campaign_id>",
    tag=TAG,
    summary="Get a campaign",
    permission=Permission.COUPON_VIEW,
    answer=Campaign,
    example=examples.CAMPAIGN,
    path_values=ID,
    refusals=(CampaignUnknownError,),
)
def get_campaign(campaign_id: int) -> Campaign:
    return shown_campaign(campaign_id)


@operation(
    "GET",
    "/campaigns/<int:campaign_id>/dry-run",
    tag=TAG,
    summary="Try a campaign on past orders",
    description="Who would have qualified and what it would have cost. Nothing is written; large periods are sampled.",
    permission=Permission.COUPON_VIEW,
    query=DryRunQuery,
    answer=DryRun,
    example=examples.DRY_RUN,
    path_values=ID,
    refusals=(CampaignUnknownError,),
)
def try_campaign(campaign_id: int, query: DryRunQuery) -> DryRun:
    with reading() as session:
        row = find_own(load_campaign(session, campaign_id=campaign_id))
        found = run_dry(session, row, days=query.days, now=clock.now())
    run = found.run
    return DryRun(
        orders=found.period.orders,
        one_in=found.period.every,
        looked_at=run.looked_at,
        qualified=run.qualified,
        people=run.people,
        currencies=[_cost(currency, one) for currency, one in run.by_currency.items()],
        limited=dict(run.limited),
        failed_checks=dict(run.reasons),
        overlap={str(one): count for one, count in run.overlap.items()},
    )


@operation(
    "GET",
    "/campaign-conditions",
    tag=TAG,
    summary="List the conditions of campaigns",
    permission=Permission.COUPON_VIEW,
    answer=ConditionKinds,
    example=examples.CONDITIONS,
)
def list_conditions() -> ConditionKinds:
    return ConditionKinds(
        items=[
            ConditionKind(
                name=name,
                title=str(gettext(kind.title)),
                params_schema={
                    "type": "object",
                    "properties": {
                        part.name: part.schema() | {"title": str(gettext(part.label))}
                        for part in kind.fields
                        if part.kind is not FieldKind.FLAG
                    },
                    "additionalProperties": False,
                },
            )
            for name, kind in kinds().items()
        ]
    )


def _reach(permission: Permission) -> tuple[tuple[int, ...] | None, tuple[int, ...] | None]:
    """The stores whose campaigns the key reaches, or the channels on which they run; None is all of them.

    A buyer's key reaches none.
    """
    actor = api_actor()
    scopes = scopes_of(actor, permission)
    if Scope.ALL in scopes:
        return None, None
    if Scope.STORE in scopes:
        return tuple(sorted(actor.store_ids)), None
    if Scope.CHANNEL in scopes:
        return None, tuple(sorted(actor.managed_ids))
    raise CampaignForbiddenError


def _find(session: Session, campaign_id: int) -> CampaignRow:
    row, actor = load_campaign(session, campaign_id=campaign_id), api_actor()
    manages = Scope.CHANNEL in scopes_of(actor, Permission.COUPON_VIEW)
    return row if row is not None and manages and runs_on(row, actor.managed_ids) else find_own(row)


def find_own(row: CampaignRow | None) -> CampaignRow:
    """A campaign that the key's person issues, or looks at for the mall. Raises CampaignUnknownError."""
    if row is None or not may_issue(api_actor(), row.draft.store_id, Permission.COUPON_VIEW):
        raise CampaignUnknownError
    return row


def shown_campaign(campaign_id: int) -> Campaign:
    """A campaign that the key's person may see. Raises CampaignUnknownError."""
    with reading() as session:
        return _campaign(session, _find(session, campaign_id))


def draft_of_terms(body: CampaignTerms) -> CampaignDraft:
    """The terms as rules take them."""
    limits = body.limits
    kind = Kind(body.kind)
    return CampaignDraft(
        names=body.names,
        kind=kind,
        target=Target.SHIPPING if kind is Kind.FREE_SHIPPING else Target(body.target),
        valid_from=body.valid_from,
        valid_until=body.valid_until,
        percent=None if body.percent is None else Decimal(body.percent),
        amounts=body.amounts,
        max_discount=body.max_discounts,
        conditions=tuple(ConditionTerms(one.name, one.params) for one in body.conditions),
        store_id=body.store_id,
        funding=read_funding(body.funding, body.seller_shares),
        distribution=Distribution(body.distribution),
        lane=body.lane,
        stackable=body.stackable,
        priority=body.priority,
        grace_hours=body.grace_hours,
        on_refund=OnRefund(body.on_refund),
        limits=Limits(limits.total, limits.per_user, limits.per_code, limits.per_day, limits.budgets),
    )


def check_draft(draft: CampaignDraft) -> None:
    """Raises CampaignForbiddenError, RequestInvalidError."""
    if not may_begin(api_actor(), draft.store_id):
        raise CampaignForbiddenError
    if found := faults(draft, now=clock.now()):
        raise invalid_terms(found)


def invalid_terms(found: Mapping[str, Fault]) -> RequestInvalidError:
    """Faults of terms as those of a request."""
    return RequestInvalidError(
        [FieldProblem(field=name, code=fault.code, detail=say_fault(fault)) for name, fault in found.items()]
    )


def _campaign(session: Session, row: CampaignRow) -> Campaign:
    return Campaign(
        id=row.id,
        version=row.version,
        state=row.state,
        words=preview_of(session, row.draft, current_locale()),
        uses=row.uses,
        issued_at=row.issued_at,
        terms=row.draft.to_json(),
    )


def _cost(currency: str, run: CurrencyRun) -> CurrencyCost:
    return CurrencyCost(
        currency=currency,
        orders=run.orders,
        sales=Amount.of(run.sales_minor, currency),
        cost=Amount.of(run.cost_minor, currency),
        stores=[
            StoreCost(
                store_id=store_id,
                orders=one.orders,
                cost=Amount.of(one.cost_minor, currency),
                borne_by_store=Amount.of(one.store_minor, currency),
            )
            for store_id, one in sorted(run.stores.items())
        ],
        days=[
            DayCost(day=day, orders=one.orders, cost=Amount.of(one.cost_minor, currency))
            for day, one in sorted(run.days.items())
        ],
    )
