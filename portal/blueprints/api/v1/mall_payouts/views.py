"""Payouts to stores decided about, through the services of the desk (BAL-13)."""

from __future__ import annotations

import uuid

from portal.blueprints.access import NotFoundError
from portal.blueprints.api.keys import api_actor
from portal.blueprints.api.operations import FOR_MALL, PathValue, operation
from portal.blueprints.api.schemas import BIGINT_MAX, Amount
from portal.blueprints.api.v1.mall_money import examples
from portal.blueprints.api.v1.mall_money.schemas import (
    MallPayout,
    MallPayoutPage,
    PayoutQuery,
    PeriodIn,
    Reference,
    StorePeriod,
    StorePeriods,
    Why,
)
from portal.blueprints.api.v1.mall_money.views import ID_SCHEMA
from portal.db import atomically, reading
from portal.kit import clock
from portal.kit.paging import CursorInvalidError
from portal.queries.payouts import PayoutRow, StoreRule, list_payouts, load_payout, store_rules
from portal.rules.payouts import Period
from portal.rules.permissions import Permission
from portal.services.accounts.step_up import StepUpNeededError
from portal.services.payouts import decide_payout as deciding

TAG = "Statements"
PAYOUT = {"payout_id": PathValue("The payout's id.", ID_SCHEMA, examples.ID)}
DECIDED = (deciding.PayoutUnknownError, deciding.PayoutDecidedError, NotFoundError)
STORE = {
    "store_id": PathValue(
        "The store's id.", {"type": "integer", "minimum": 1, "maximum": BIGINT_MAX}, examples.STORE_ID
    )
}
HELD = " Where something holds it back it is `held` instead: look at `status` and `holds`."


@operation(
    "GET",
    "/mall/payouts",
    tag=TAG,
    summary="List the payouts of all stores",
    permission=Permission.PAYOUT_VIEW,
    within=FOR_MALL,
    query=PayoutQuery,
    answer=MallPayoutPage,
    example=examples.page(examples.PAYOUT),
    refusals=(CursorInvalidError,),
)
def list_mall_payouts(query: PayoutQuery) -> MallPayoutPage:
    with reading() as session:
        page = list_payouts(session, state=query.state, cursor=query.cursor, rows_max=query.limit)
    return MallPayoutPage.of(page, [_payout(row) for row in page.rows])


@operation(
    "GET",
    "/mall/payouts/<uuid:payout_id>",
    tag=TAG,
    summary="Show the payout of a store",
    description="Its statement tells what it is made of.",
    permission=Permission.PAYOUT_VIEW,
    within=FOR_MALL,
    answer=MallPayout,
    example=examples.PAYOUT,
    path_values=PAYOUT,
    refusals=(NotFoundError,),
)
def show_mall_payout(payout_id: uuid.UUID) -> MallPayout:
    return _shown(payout_id)


@operation(
    "POST",
    "/mall/payouts/<uuid:payout_id>/approval",
    tag=TAG,
    summary="Let a payout go out",
    description="Large amounts are confirmed by the person first (`step_up_needed`)." + HELD,
    permission=Permission.PAYOUT_MAKE,
    within=FOR_MALL,
    answer=MallPayout,
    example=examples.PAYOUT | {"status": "approved"},
    path_values=PAYOUT,
    refusals=(*DECIDED, StepUpNeededError),
)
def approve_mall_payout(payout_id: uuid.UUID) -> MallPayout:
    actor, now = api_actor(), clock.now()
    atomically(lambda s: deciding.approve_payout(s, payout_id=payout_id, actor=actor, now=now))
    return _shown(payout_id)


@operation(
    "POST",
    "/mall/payouts/<uuid:payout_id>/hold",
    tag=TAG,
    summary="Hold a payout back",
    permission=Permission.PAYOUT_MAKE,
    within=FOR_MALL,
    body=Why,
    body_example=examples.WHY,
    answer=MallPayout,
    example=examples.PAYOUT | {"status": "held", "holds": ["by_hand"], "note": examples.WHY["reason"]},
    path_values=PAYOUT,
    refusals=(*DECIDED, deciding.PayoutTextMissingError),
)
def hold_mall_payout(payout_id: uuid.UUID, body: Why) -> MallPayout:
    actor, now = api_actor(), clock.now()
    atomically(lambda s: deciding.hold_payout(s, payout_id=payout_id, reason=body.reason, actor=actor, now=now))
    return _shown(payout_id)


@operation(
    "POST",
    "/mall/payouts/<uuid:payout_id>/payment",
    tag=TAG,
    summary="Say that a payout was transferred",
    description="It goes into the books." + HELD,
    permission=Permission.PAYOUT_MAKE,
    within=FOR_MALL,
    body=Reference,
    body_example=examples.REFERENCE,
    answer=MallPayout,
    example=examples.PAYOUT | {"status": "paid", **examples.REFERENCE},
    path_values=PAYOUT,
    refusals=(*DECIDED, deciding.PayoutTextMissingError),
)
def pay_mall_payout(payout_id: uuid.UUID, body: Reference) -> MallPayout:
    actor, now = api_actor(), clock.now()
    atomically(lambda s: deciding.pay_payout(s, payout_id=payout_id, reference=body.reference, actor=actor, now=now))
    return _shown(payout_id)


@operation(
    "GET",
    "/mall/payout-periods",
    tag=TAG,
    summary="List how often stores are paid",
    permission=Permission.PAYOUT_VIEW,
    within=FOR_MALL,
    answer=StorePeriods,
    example={"items": [examples.PERIOD]},
)
def list_payout_periods() -> StorePeriods:
    with reading() as session:
        found = store_rules(session)
    return StorePeriods(items=[_period(one) for one in found])


@operation(
    "PUT",
    "/mall/payout-periods/<int:store_id>",
    tag=TAG,
    summary="Say how often a store is paid",
    description="From the period that runs now.",
    permission=Permission.PAYOUT_MAKE,
    within=FOR_MALL,
    body=PeriodIn,
    body_example={"period": "weekly"},
    answer=StorePeriod,
    example=examples.PERIOD,
    path_values=STORE,
    refusals=(deciding.PayoutUnknownError,),
)
def change_payout_period(store_id: int, body: PeriodIn) -> StorePeriod:
    if store_id > BIGINT_MAX:
        raise deciding.PayoutUnknownError
    actor, now = api_actor(), clock.now()
    atomically(lambda s: deciding.change_period(s, store_id=store_id, period=Period(body.period), actor=actor, now=now))
    with reading() as session:
        return next(_period(one) for one in store_rules(session) if one.id == store_id)


def _period(row: StoreRule) -> StorePeriod:
    return StorePeriod(store_id=row.id, store=row.name, period=Period(row.period).value)


def _shown(payout_id: uuid.UUID) -> MallPayout:
    with reading() as session:
        row = load_payout(session, payout_id=payout_id)
    if row is None:
        raise NotFoundError
    return _payout(row)


def _payout(row: PayoutRow) -> MallPayout:
    return MallPayout(
        id=row.id,
        statement_id=row.statement_id,
        label=row.label,
        store_id=row.store_id,
        store=row.store,
        status=row.state,  # type: ignore[arg-type]  # The state machine has these and no others.
        amount=Amount.of(row.amount_minor, row.currency),
        holds=row.holds,
        note=row.note,
        made_at=row.made_at,
        approved_at=row.approved_at,
        paid_at=row.paid_at,
        reference=row.reference,
    )
