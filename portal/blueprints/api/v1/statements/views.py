"""Statements of the key's stores, each with the postings behind it (BAL-13, STR-01)."""

from __future__ import annotations

import uuid

from sqlalchemy.orm import Session

from portal.blueprints.access import NotFoundError
from portal.blueprints.api.keys import api_actor
from portal.blueprints.api.operations import PathValue, operation
from portal.blueprints.api.own_store import own_store
from portal.blueprints.api.schemas import Amount, Paging
from portal.blueprints.api.v1.statements import examples
from portal.blueprints.api.v1.statements.schemas import (
    CurrencyBalance,
    Statement,
    StatementLine,
    StatementLinePage,
    StatementPage,
    StatementQuery,
    StoreBalance,
    StoreQuery,
)
from portal.blueprints.api.v1.statements.schemas import Figures as FiguresOut
from portal.db import reading
from portal.kit import clock
from portal.kit.paging import CursorInvalidError
from portal.queries.payouts import StatementRow, list_statements, load_seller_statement, rule_of, statement_lines
from portal.queries.seller_balance import Figures, coming_to, fresh_figures, owed_to
from portal.rules.payouts import Period, next_end
from portal.rules.permissions import Permission
from portal.services.payouts.close_period import zone_of_mall

TAG = "Statements"
PATH = {"statement_id": PathValue("The statement's id.", {"type": "string", "format": "uuid"}, examples.ID)}


@operation(
    "GET",
    "/store/balance",
    tag=TAG,
    summary="Show what a store is owed",
    description="By currency: the balance, what it was made of since the last statement, and what is on its way.",
    permission=Permission.PAYOUT_VIEW,
    query=StoreQuery,
    answer=StoreBalance,
    example=examples.BALANCE,
    refusals=(NotFoundError,),
)
def show_store_balance(query: StoreQuery) -> StoreBalance:
    now = clock.now()
    with reading() as session:
        store_id = own_store(session, query.store, NotFoundError)
        period = Period(rule_of(session, store_id=store_id))
        coming = {one.currency: one.paid_minor for one in coming_to(session, store_id=store_id)}
        items = [
            CurrencyBalance(
                balance=Amount.of(one.balance_minor, one.currency),
                coming=Amount.of(coming.get(one.currency, 0), one.currency),
                since_statement=_figures(
                    fresh_figures(session, store_id=store_id, currency=one.currency, until=now), one.currency
                ),
            )
            for one in owed_to(session, store_id=store_id)
        ]
        ends_at = next_end(now, period, zone_of_mall(session))
    return StoreBalance(period=period.value, period_ends_at=ends_at, as_of=now, items=items)


@operation(
    "GET",
    "/store/statements",
    tag=TAG,
    summary="List a store's statements",
    permission=Permission.PAYOUT_VIEW,
    query=StatementQuery,
    answer=StatementPage,
    example=examples.PAGE,
    refusals=(NotFoundError, CursorInvalidError),
)
def list_store_statements(query: StatementQuery) -> StatementPage:
    with reading() as session:
        store_id = own_store(session, query.store, NotFoundError)
        page = list_statements(session, store_id=store_id, cursor=query.cursor, rows_max=query.limit)
    return StatementPage.of(page, [_shown(row) for row in page.rows])


@operation(
    "GET",
    "/store/statements/<uuid:statement_id>",
    tag=TAG,
    summary="Show a statement",
    permission=Permission.PAYOUT_VIEW,
    answer=Statement,
    example=examples.STATEMENT,
    path_values=PATH,
    refusals=(NotFoundError,),
)
def show_store_statement(statement_id: uuid.UUID) -> Statement:
    with reading() as session:
        return _shown(load_own_statement(session, statement_id))


@operation(
    "GET",
    "/store/statements/<uuid:statement_id>/lines",
    tag=TAG,
    summary="List what a statement is made of",
    permission=Permission.PAYOUT_VIEW,
    query=Paging,
    answer=StatementLinePage,
    example=examples.LINES,
    path_values=PATH,
    refusals=(NotFoundError, CursorInvalidError),
)
def list_statement_lines(statement_id: uuid.UUID, query: Paging) -> StatementLinePage:
    with reading() as session:
        currency = load_own_statement(session, statement_id).currency
        page = statement_lines(
            session, statement_id=statement_id, figure=None, cursor=query.cursor, rows_max=query.limit
        )
    return StatementLinePage.of(
        page,
        [
            StatementLine(
                posting_id=row.posting_id,
                entry_id=row.entry_id,
                at=row.at,
                figure=row.figure,
                order_number=row.number,
                net=Amount.of(row.net_minor, currency),
            )
            for row in page.rows
        ],
    )


def load_own_statement(session: Session, statement_id: uuid.UUID) -> StatementRow:
    """A statement of the key's stores. Raises NotFoundError for another one."""
    row = load_seller_statement(session, statement_id=statement_id)
    if row is None or row.store_id not in api_actor().store_ids:
        raise NotFoundError
    return row


def _figures(found: Figures, currency: str) -> FiguresOut:
    def amount(minor: int) -> Amount:
        return Amount.of(minor, currency)

    return FiguresOut(
        sales=amount(found.sales_minor),
        own_coupons=amount(found.own_coupons_minor),
        mall_coupons=amount(found.mall_coupons_minor),
        refunds=amount(found.refunds_minor),
        commission=amount(found.commission_minor),
        other=amount(found.other_minor),
    )


def _shown(row: StatementRow) -> Statement:
    def amount(minor: int) -> Amount:
        return Amount.of(minor, row.currency)

    return Statement(
        id=row.id,
        label=row.label,
        period_start=row.period_start,
        period_end=row.period_end,
        opening=amount(row.opening_minor),
        sales=amount(row.sales_minor),
        own_coupons=amount(row.own_coupons_minor),
        mall_coupons=amount(row.mall_coupons_minor),
        refunds=amount(row.refunds_minor),
        commission=amount(row.commission_minor),
        other=amount(row.other_minor),
        closing=amount(row.closing_minor),
        lines=row.lines,
        closed_at=row.closed_at,
        payout_state=row.payout_state,
        paid_at=row.paid_at,
        payout_reference=row.reference,
    )
