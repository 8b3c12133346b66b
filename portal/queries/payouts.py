"""Statements and payouts of stores, for the store and for whoever pays (BAL-13)."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, aliased

from portal.kit.paging import Page, fingerprint
from portal.models import LedgerEntry, Order, Posting, SellerPayout, SellerStatement, SellerStatementLine, Store, User
from portal.queries.keyset import PAGE_ROWS, Sorting, count_up_to, fetch_page
from portal.queries.seller_balance import BalanceLine

STATEMENTS = Sorting((SellerStatement.period_end, SellerStatement.id), (datetime, uuid.UUID))
LINES = Sorting((Posting.at, Posting.id), (datetime, int), falling=False)
PAYOUTS = Sorting((SellerPayout.made_at, SellerPayout.id), (datetime, uuid.UUID))


@dataclass(frozen=True, slots=True)
class StatementRow:
    """A closed period; amounts in minor units of `currency`. `payout_state` is None where nothing was to be paid."""

    id: uuid.UUID
    store_id: int
    currency: str
    label: str
    period_start: datetime
    period_end: datetime
    opening_minor: int
    sales_minor: int
    own_coupons_minor: int
    mall_coupons_minor: int
    refunds_minor: int
    commission_minor: int
    other_minor: int
    closing_minor: int
    lines: int
    closed_at: datetime
    payout_id: uuid.UUID | None
    payout_state: str | None
    paid_at: datetime | None
    reference: str | None


@dataclass(frozen=True, slots=True)
class PayoutRow:
    """A payout; `holds` are the words for why it waits."""

    id: uuid.UUID
    statement_id: uuid.UUID
    label: str
    store_id: int
    store: Mapping[str, str]
    currency: str
    amount_minor: int
    state: str
    holds: Sequence[str]
    note: str | None
    made_at: datetime
    approved_by: str | None
    approved_at: datetime | None
    paid_by: str | None
    paid_at: datetime | None
    reference: str | None


@dataclass(frozen=True, slots=True)
class StoreRule:
    """How often a store is paid."""

    id: int
    name: Mapping[str, str]
    period: str


_STATEMENT: Any = (
    select(
        SellerStatement.id,
        SellerStatement.store_id,
        SellerStatement.currency,
        SellerStatement.label,
        SellerStatement.period_start,
        SellerStatement.period_end,
        SellerStatement.opening_minor,
        SellerStatement.sales_minor,
        SellerStatement.own_coupons_minor,
        SellerStatement.mall_coupons_minor,
        SellerStatement.refunds_minor,
        SellerStatement.commission_minor,
        SellerStatement.other_minor,
        SellerStatement.closing_minor,
        SellerStatement.lines,
        SellerStatement.closed_at,
        SellerPayout.id.label("payout_id"),
        SellerPayout.state.label("payout_state"),
        SellerPayout.paid_at,
        SellerPayout.reference,
    )
).outerjoin(SellerPayout, SellerPayout.statement_id == SellerStatement.id)


def list_statements(
    session: Session, *, store_id: int, cursor: str | None, rows_max: int = PAGE_ROWS
) -> Page[StatementRow]:
    """One page of a store's statements, the latest first. Raises CursorInvalidError."""
    return fetch_page(
        session,
        _STATEMENT.where(SellerStatement.store_id == store_id),
        STATEMENTS,
        make=lambda row: StatementRow(*row),
        key=lambda row: (row.period_end, row.id),
        cursor_text=cursor,
        mark=fingerprint("statements", store_id),
        rows_max=rows_max,
    )


def load_seller_statement(session: Session, *, statement_id: uuid.UUID) -> StatementRow | None:
    row = session.execute(_STATEMENT.where(SellerStatement.id == statement_id)).one_or_none()
    return StatementRow(*row) if row is not None else None


def statement_lines(
    session: Session, *, statement_id: uuid.UUID, figure: str | None, cursor: str | None, rows_max: int = PAGE_ROWS
) -> Page[BalanceLine]:
    """One page of a statement's lines in the order of their time. Raises CursorInvalidError."""
    statement = (
        select(
            SellerStatementLine.posting_id,
            Posting.entry_id,
            Posting.at,
            SellerStatementLine.figure,
            SellerStatementLine.order_id,
            Order.number,
            SellerStatementLine.part_id,
            SellerStatementLine.sales_minor,
            SellerStatementLine.own_coupons_minor,
            SellerStatementLine.mall_coupons_minor,
            SellerStatementLine.refunds_minor,
            SellerStatementLine.commission_minor,
            SellerStatementLine.other_minor,
            SellerStatementLine.net_minor,
        )
        .join(Posting, Posting.id == SellerStatementLine.posting_id)
        .join(LedgerEntry, LedgerEntry.id == Posting.entry_id)
        .outerjoin(Order, Order.id == SellerStatementLine.order_id)
        .where(SellerStatementLine.statement_id == statement_id)
    )
    if figure:
        statement = statement.where(SellerStatementLine.figure == figure)
    return fetch_page(
        session,
        statement,
        LINES,
        make=lambda row: BalanceLine(*row),
        key=lambda row: (row.at, row.posting_id),
        cursor_text=cursor,
        mark=fingerprint("statement_lines", statement_id, figure),
        rows_max=rows_max,
    )


def list_payouts(
    session: Session, *, state: str | None, cursor: str | None, rows_max: int = PAGE_ROWS
) -> Page[PayoutRow]:
    """One page of payouts, the latest first. Raises CursorInvalidError."""
    statement, counted = _payouts(), select(SellerPayout.id)
    if state:
        statement, counted = statement.where(SellerPayout.state == state), counted.where(SellerPayout.state == state)
    return fetch_page(
        session,
        statement,
        PAYOUTS,
        make=lambda row: PayoutRow(*row),
        key=lambda row: (row.made_at, row.id),
        cursor_text=cursor,
        mark=fingerprint("payouts", state),
        rows_max=rows_max,
        total=count_up_to(session, counted),
    )


def load_payout(session: Session, *, payout_id: uuid.UUID) -> PayoutRow | None:
    row = session.execute(_payouts().where(SellerPayout.id == payout_id)).one_or_none()
    return PayoutRow(*row) if row is not None else None


def store_rules(session: Session) -> list[StoreRule]:
    """Every store with how often it is paid."""
    rows = session.execute(select(Store.id, Store.name, Store.payout_period).order_by(Store.id))
    return [StoreRule(*row) for row in rows]


def rule_of(session: Session, *, store_id: int) -> str:
    """How often this store is paid."""
    return session.execute(select(Store.payout_period).where(Store.id == store_id)).scalar_one()


def _payouts() -> Any:
    approver, payer = aliased(User), aliased(User)
    return (
        select(
            SellerPayout.id,
            SellerPayout.statement_id,
            SellerStatement.label,
            SellerPayout.store_id,
            Store.name,
            SellerPayout.currency,
            SellerPayout.amount_minor,
            SellerPayout.state,
            SellerPayout.holds,
            SellerPayout.note,
            SellerPayout.made_at,
            approver.name.label("approved_by"),
            SellerPayout.approved_at,
            payer.name.label("paid_by"),
            SellerPayout.paid_at,
            SellerPayout.reference,
        )
        .join(SellerStatement, SellerStatement.id == SellerPayout.statement_id)
        .join(Store, Store.id == SellerPayout.store_id)
        .outerjoin(approver, approver.id == SellerPayout.approved_by)
        .outerjoin(payer, payer.id == SellerPayout.paid_by)
    )
