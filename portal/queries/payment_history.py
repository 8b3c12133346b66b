"""Payments looked back at (PAY-13): a buyer's own, and what was paid for a store's parts of orders.

Administrators have queries/payments.py, which knows every attempt.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, case, cast, func, literal, select, text, union_all
from sqlalchemy.orm import Session

from portal.kit.paging import Page, fingerprint
from portal.models import Order, OrderLine, OrderPart, Payment, Tender
from portal.queries.keyset import PAGE_ROWS, AnySelect, Sorting, count_up_to, fetch_page

BALANCES = "balances"


@dataclass(frozen=True, slots=True)
class HistoryFilter:
    """Which payments: from the first instant on, and before the second."""

    start: datetime | None = None
    end: datetime | None = None
    status: str | None = None

    def narrowed(self, statement: AnySelect, at: Any, status: Any) -> AnySelect:
        """The statement with these conditions on its columns of time and state."""
        if self.start is not None:
            statement = statement.where(at >= self.start)
        if self.end is not None:
            statement = statement.where(at < self.end)
        if self.status is not None:
            statement = statement.where(status == self.status)
        return statement


@dataclass(frozen=True, slots=True)
class HistoryRow:
    """One payment; amounts in minor units of `currency`.

    `id` is the payment's, or the order's where balances covered all of it: `method` is then `balances`. For a store it
    is that of its part, and the amounts are the part's. `first_name` {locale: text} is that of the first of `lines`.
    """

    id: uuid.UUID
    at: datetime
    purpose: str
    number: str | None
    first_name: Mapping[str, str] | None
    lines: int
    method: str
    currency: str
    amount_minor: int
    refunded_minor: int
    status: str


def list_own_payments(
    session: Session,
    *,
    user_id: uuid.UUID,
    chosen: HistoryFilter,
    cursor: str | None,
    rows_max: int = PAGE_ROWS,
    is_counted: bool = True,
) -> Page[HistoryRow]:
    """One page of what a person paid, the newest first. Raises CursorInvalidError."""
    mine = _own(user_id).subquery("mine")
    counted = chosen.narrowed(select(mine.c.id), mine.c.at, mine.c.status)
    return fetch_page(
        session,
        chosen.narrowed(_listed(mine), mine.c.at, mine.c.status),
        Sorting((mine.c.at, mine.c.id), (datetime, uuid.UUID)),
        make=_row,
        key=lambda row: (row.at, row.id),
        cursor_text=cursor,
        mark=fingerprint("own_payments", user_id, chosen),
        rows_max=rows_max,
        total=count_up_to(session, counted) if is_counted else None,
    )


def list_store_payments(
    session: Session,
    *,
    store_id: int,
    chosen: HistoryFilter,
    cursor: str | None,
    rows_max: int = PAGE_ROWS,
    is_counted: bool = True,
) -> Page[HistoryRow]:
    """One page of what was paid for a store's parts, the newest first. Raises CursorInvalidError."""
    refunded = (
        select(cast(func.coalesce(func.sum(OrderLine.refunded_minor), 0), BigInteger))
        .where(OrderLine.part_id == OrderPart.id)
        .scalar_subquery()
    )
    first = select(OrderLine.name).where(OrderLine.part_id == OrderPart.id).order_by(OrderLine.position).limit(1)
    lines = select(func.count()).select_from(OrderLine).where(OrderLine.part_id == OrderPart.id)
    method = select(Payment.method).where(Payment.order_id == Order.id).order_by(Payment.amount_minor.desc()).limit(1)
    sold = select(OrderPart.id).join(Order, Order.id == OrderPart.order_id).where(OrderPart.store_id == store_id)
    sold = chosen.narrowed(sold.where(Order.paid_at.is_not(None)), OrderPart.placed_at, OrderPart.status)
    listed = sold.add_columns(
        OrderPart.placed_at.label("at"),
        literal("order").label("purpose"),
        Order.number,
        first.scalar_subquery().label("first_name"),
        lines.scalar_subquery().label("lines"),
        func.coalesce(method.scalar_subquery(), BALANCES).label("method"),
        Order.currency,
        OrderPart.payable_minor.label("amount_minor"),
        refunded.label("refunded_minor"),
        OrderPart.status,
    )
    return fetch_page(
        session,
        listed,
        Sorting((OrderPart.placed_at, OrderPart.id), (datetime, uuid.UUID)),
        make=_row,
        key=lambda row: (row.at, row.id),
        cursor_text=cursor,
        mark=fingerprint("store_payments", store_id, chosen),
        rows_max=rows_max,
        total=count_up_to(session, sold) if is_counted else None,
    )


def _own(user_id: uuid.UUID) -> Any:
    """What went through a gateway, and the orders that balances covered wholly."""
    asked = select(
        Payment.id,
        Payment.created_at.label("at"),
        Payment.purpose,
        Payment.order_id,
        Payment.method,
        Payment.currency,
        Payment.amount_minor,
        Payment.refunded_minor,
        Payment.status,
    ).where(Payment.user_id == user_id)
    refunded = (
        select(cast(func.coalesce(func.sum(Tender.refunded_minor), 0), BigInteger))
        .where(Tender.order_id == Order.id)
        .correlate(Order)
        .scalar_subquery()
    )
    covered = select(
        Order.id,
        Order.placed_at,
        literal("order"),
        Order.id,
        literal(BALANCES),
        Order.currency,
        Order.payable_minor,
        refunded,
        case((refunded >= Order.payable_minor, "refunded"), (refunded > 0, "partially_refunded"), else_="captured"),
    ).where(
        Order.buyer_id == user_id,
        Order.paid_at.is_not(None),
        ~select(Payment.id).where(Payment.order_id == Order.id).exists(),
    )
    return union_all(asked, covered)


def _listed(mine: Any) -> AnySelect:
    """The columns of HistoryRow for rows of _own."""
    of_order = OrderLine.order_id == mine.c.order_id
    first = select(OrderLine.name).where(of_order).order_by(OrderLine.position).limit(1).scalar_subquery()
    lines = select(func.count()).select_from(OrderLine).where(of_order).scalar_subquery()
    return (
        select(mine, Order.number, first.label("first_name"), lines.label("lines"))
        .select_from(mine)
        .join(Order, Order.id == mine.c.order_id, isouter=True)
    )


def _row(row: Any) -> HistoryRow:
    return HistoryRow(**{name: getattr(row, name) for name in HistoryRow.__slots__})


@dataclass(frozen=True, slots=True)
class OwnPayment:
    """One payment with what belongs to it: tenders as (type, amount, points, refunded), documents as (kind, label)."""

    row: HistoryRow
    order_id: uuid.UUID | None
    total_minor: int
    gateway: str | None
    gateway_ref: str | None
    card: Mapping[str, Any] | None
    reason: str | None
    completed_at: datetime | None
    tenders: tuple[tuple[str, int, int | None, int], ...]
    documents: tuple[tuple[str, str], ...]


_DETAIL = text(
    """
    SELECT coalesce(o.payable_minor, y.amount_minor) AS total_minor, a.gateway, a.gateway_ref, a.card, a.reason,
           coalesce(y.completed_at, o.paid_at) AS completed_at,
           (SELECT jsonb_agg(jsonb_build_array(t.type, t.amount_minor, t.points, t.refunded_minor)
                             ORDER BY t.type = 'gateway', t.type)
              FROM tender t WHERE t.order_id = o.id) AS tenders,
           (SELECT jsonb_agg(jsonb_build_array(d.kind, d.label) ORDER BY d.issued_at, d.id)
              FROM document d WHERE d.order_id = o.id AND d.issued_at IS NOT NULL) AS documents
      FROM (SELECT CAST(:id AS uuid) AS id, CAST(:order_id AS uuid) AS order_id) asked
      LEFT JOIN payment y ON y.id = asked.id
      LEFT JOIN orders o ON o.id = asked.order_id
      LEFT JOIN LATERAL (SELECT * FROM payment_attempt WHERE payment_id = y.id ORDER BY n DESC LIMIT 1) a ON true
    """
)


def load_own_payment(session: Session, *, user_id: uuid.UUID, payment_id: uuid.UUID) -> OwnPayment | None:
    """One of a person's own payments by the id of its row in the list; None for anybody else's."""
    mine = _own(user_id).subquery("mine")
    found = session.execute(_listed(mine).where(mine.c.id == payment_id)).one_or_none()
    if found is None:
        return None
    row = session.execute(_DETAIL, {"id": payment_id, "order_id": found.order_id}).one()
    return OwnPayment(
        row=_row(found),
        order_id=found.order_id,
        total_minor=row.total_minor,
        gateway=row.gateway,
        gateway_ref=row.gateway_ref,
        card=row.card,
        reason=row.reason,
        completed_at=row.completed_at,
        tenders=tuple(tuple(one) for one in row.tenders or ()),
        documents=tuple(tuple(one) for one in row.documents or ()),
    )


@dataclass(frozen=True, slots=True)
class StorePayment:
    """How the order of a store's part was paid. Card and gateway are no business of the store."""

    method: str
    gateway_ref: str | None


_STORE_PAYMENT = text(
    """
    SELECT coalesce(y.method, 'balances') AS method, a.gateway_ref
      FROM order_part p
      LEFT JOIN LATERAL (SELECT * FROM payment WHERE order_id = p.order_id ORDER BY amount_minor DESC, id LIMIT 1) y
        ON true
      LEFT JOIN LATERAL (SELECT * FROM payment_attempt WHERE payment_id = y.id ORDER BY n DESC LIMIT 1) a ON true
     WHERE p.id = :part_id
    """
)


def load_store_payment(session: Session, *, part_id: uuid.UUID) -> StorePayment:
    """How the order of this part was paid; the caller knows whose part it is."""
    return StorePayment(*session.execute(_STORE_PAYMENT, {"part_id": part_id}).one())
