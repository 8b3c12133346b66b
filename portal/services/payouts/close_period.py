"""Close the period of a store: its statement is written once and stays (BAL-13)."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from portal.db import insert_rows
from portal.kit.ids import new_id
from portal.models import Channel, LedgerAccount, SellerPayout, SellerStatement, SellerStatementLine, Store
from portal.queries.seller_balance import BalanceLine, add_up, fresh_lines
from portal.rules.payouts import Period, begin_of, last_end, next_end
from portal.rules.permissions import SYSTEM
from portal.rules.states import Machine
from portal.services.audit import AuditAction, Fact, record
from portal.services.history import Move, record_moves
from portal.services.outbox import Event, emit

# Every payable account with its store's rule, where its last statement ended, and when it was first posted to.
_ACCOUNTS = text(
    """
    SELECT s.id AS store_id, a.currency, s.payout_period, a.created_at,
           (SELECT max(t.period_end) FROM seller_statement t WHERE t.store_id = s.id AND t.currency = a.currency)
             AS closed_until
      FROM ledger_account a JOIN store s ON a.owner = 'store:' || s.id WHERE a.kind = 'seller_payable'
     ORDER BY s.id, a.currency
    """
)
_FIRST = text("SELECT min(at) FROM ledger_posting WHERE account_id = :id")


@dataclass(frozen=True, slots=True)
class DuePeriod:
    """A store's period in one currency that is over and not closed yet, up to `until`."""

    store_id: int
    currency: str
    until: datetime


def zone_of_mall(session: Session) -> str:
    """The zone in which days of the books are told: that of the oldest channel."""
    return session.scalar(select(Channel.time_zone).order_by(Channel.id).limit(1)) or "UTC"


def due_periods(session: Session, *, now: datetime) -> list[DuePeriod]:
    """Periods that can be closed now, one for each store and currency."""
    zone = zone_of_mall(session)
    found = []
    for row in session.execute(_ACCOUNTS):
        until = last_end(now, Period(row.payout_period), zone)
        if row.closed_until is None or row.closed_until < until:
            found.append(DuePeriod(row.store_id, row.currency, until))
    return found


def close_period(session: Session, *, due: DuePeriod, now: datetime) -> uuid.UUID | None:
    """Write the statement of the oldest period that is not closed; None when nothing of it moved, or it is closed.

    Several periods of which nothing was closed become one statement each, call by call. Two at once make one.
    """
    store = session.execute(select(Store).where(Store.id == due.store_id).with_for_update()).scalar_one()
    account_id = session.scalar(
        select(LedgerAccount.id).where(
            LedgerAccount.kind == "seller_payable",
            LedgerAccount.owner == f"store:{store.id}",
            LedgerAccount.currency == due.currency,
        )
    )
    last = session.execute(
        select(SellerStatement.number, SellerStatement.period_end, SellerStatement.closing_minor)
        .where(SellerStatement.store_id == store.id, SellerStatement.currency == due.currency)
        .order_by(SellerStatement.number.desc())
        .limit(1)
    ).one_or_none()
    zone, period = zone_of_mall(session), Period(store.payout_period)
    first = last.period_end if last else session.execute(_FIRST, {"id": account_id}).scalar_one()
    if first is None:
        return None
    start = last.period_end if last else begin_of(first, period, zone)
    while (end := next_end(start, period, zone)) <= due.until:
        lines = fresh_lines(session, store_id=store.id, currency=due.currency, until=end)
        if lines:
            return _write(session, store, due.currency, (start, end), last, lines, now)
        # Nothing moved: the next statement begins later, with the same opening balance.
        start = end
    return None


def _write(
    session: Session,
    store: Store,
    currency: str,
    period: tuple[datetime, datetime],
    last: object,
    lines: Sequence[BalanceLine],
    now: datetime,
) -> uuid.UUID:
    opening = getattr(last, "closing_minor", 0)
    number = getattr(last, "number", 0) + 1
    figures = add_up(lines)
    statement = SellerStatement(
        id=new_id(),
        store_id=store.id,
        currency=currency,
        number=number,
        label=f"{store.slug.upper()}-{currency}-{number:05}",
        period_start=period[0],
        period_end=period[1],
        opening_minor=opening,
        sales_minor=figures.sales_minor,
        own_coupons_minor=figures.own_coupons_minor,
        mall_coupons_minor=figures.mall_coupons_minor,
        refunds_minor=figures.refunds_minor,
        commission_minor=figures.commission_minor,
        other_minor=figures.other_minor,
        closing_minor=opening + figures.net_minor,
        lines=len(lines),
        closed_at=now,
    )
    session.add(statement)
    session.flush()
    insert_rows(session, SellerStatementLine, [_row(line, statement.id) for line in lines])
    after = {"label": statement.label, "opening_minor": opening, "closing_minor": statement.closing_minor}
    record(session, Fact(AuditAction.STATEMENT_CLOSED, f"store:{store.id}", after=after), actor=SYSTEM, now=now)
    if statement.closing_minor > 0:
        payout = SellerPayout(
            id=new_id(),
            statement_id=statement.id,
            store_id=store.id,
            currency=currency,
            amount_minor=statement.closing_minor,
            state="waiting",
            made_at=now,
        )
        session.add(payout)
        session.flush()
        record_moves(session, Move(Machine.PAYOUT, payout.id, None, "waiting"), actor=SYSTEM, now=now)
    payload = {"statement": str(statement.id), "label": statement.label, "store": store.id}
    emit(session, Event("statement.closed", f"store:{store.id}", payload), now=now)
    return statement.id


def _row(line: BalanceLine, statement_id: uuid.UUID) -> dict[str, object]:
    return {
        "posting_id": line.posting_id,
        "statement_id": statement_id,
        "figure": line.figure,
        "order_id": line.order_id,
        "part_id": line.part_id,
        "sales_minor": line.sales_minor,
        "own_coupons_minor": line.own_coupons_minor,
        "mall_coupons_minor": line.mall_coupons_minor,
        "refunds_minor": line.refunds_minor,
        "commission_minor": line.commission_minor,
        "other_minor": line.other_minor,
        "net_minor": line.net_minor,
    }
