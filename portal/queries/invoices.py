"""Invoices and credit lines, for whoever owes and for whoever looks after it (PAY-17)."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import BigInteger, cast, func, select, text
from sqlalchemy.orm import Session

from portal.kit.paging import Page, fingerprint
from portal.models import CreditLine, Invoice, Order, User
from portal.queries.keyset import AnySelect, Sorting, count_up_to, fetch_page

OPEN = ("open", "partly_paid", "overdue")
_left = Invoice.total_minor - Invoice.paid_minor - Invoice.lowered_minor - Invoice.lost_minor


@dataclass(frozen=True, slots=True)
class InvoiceRow:
    """One invoice; amounts in minor units of `currency`."""

    id: uuid.UUID
    number: str
    user_id: uuid.UUID
    name: str
    order_number: str
    channel_id: int
    currency: str
    total_minor: int
    paid_minor: int
    lowered_minor: int
    lost_minor: int
    left_minor: int
    state: str
    issued_at: datetime
    due_at: datetime

    @property
    def is_open(self) -> bool:
        return self.left_minor > 0


@dataclass(frozen=True, slots=True)
class InvoiceMoveRow:
    """What lowered an invoice, or a payment for it that is not in (yet): then `state` is the payment's."""

    kind: str
    amount_minor: int
    payment_id: uuid.UUID | None
    at: datetime
    state: str


_COLUMNS = (
    Invoice.id,
    Invoice.number,
    Invoice.user_id,
    User.name,
    Order.number.label("order_number"),
    Invoice.channel_id,
    Invoice.currency,
    Invoice.total_minor,
    Invoice.paid_minor,
    Invoice.lowered_minor,
    Invoice.lost_minor,
    _left.label("left_minor"),
    Invoice.state,
    Invoice.issued_at,
    Invoice.due_at,
)
_listed: AnySelect = select(*_COLUMNS).join(User, User.id == Invoice.user_id).join(Order, Order.id == Invoice.order_id)
SORTING = Sorting((Invoice.issued_at, Invoice.id), (datetime, uuid.UUID))

_MOVES = text(
    """
    SELECT m.kind, m.amount_minor, m.payment_id, m.at, 'done' AS state FROM invoice_move m WHERE m.invoice_id = :id
    UNION ALL
    SELECT 'payment', p.amount_minor, p.id, p.created_at, p.status FROM invoice_payment l
      JOIN payment p ON p.id = l.payment_id
     WHERE l.invoice_id = :id AND NOT EXISTS (SELECT FROM invoice_move m WHERE m.payment_id = p.id)
     ORDER BY at DESC
    """
)


def list_invoices(
    session: Session,
    *,
    cursor: str | None,
    user_id: uuid.UUID | None = None,
    state: str | None = None,
    rows_max: int = 50,
) -> Page[InvoiceRow]:
    """One page, the newest first: of one person, or all. `state` may be `unpaid`. Raises CursorInvalidError."""
    statement, counted = _listed, select(Invoice.id)
    if user_id is not None:
        statement, counted = statement.where(Invoice.user_id == user_id), counted.where(Invoice.user_id == user_id)
    if state == "unpaid":
        unpaid = Invoice.state.in_(OPEN)
        statement, counted = statement.where(unpaid), counted.where(unpaid)
    elif state is not None:
        statement, counted = statement.where(Invoice.state == state), counted.where(Invoice.state == state)
    return fetch_page(
        session,
        statement,
        SORTING,
        make=lambda row: InvoiceRow(*row),
        key=lambda row: (row.issued_at, row.id),
        cursor_text=cursor,
        mark=fingerprint("invoices", user_id, state),
        rows_max=rows_max,
        total=count_up_to(session, counted),
    )


def load_own_invoice(session: Session, *, user_id: uuid.UUID, number: str) -> InvoiceRow | None:
    """A person's own invoice by its number; None for anybody else's."""
    row = session.execute(_listed.where(Invoice.number == number, Invoice.user_id == user_id)).one_or_none()
    return InvoiceRow(*row) if row is not None else None


def load_invoice(session: Session, *, invoice_id: uuid.UUID) -> InvoiceRow | None:
    row = session.execute(_listed.where(Invoice.id == invoice_id)).one_or_none()
    return InvoiceRow(*row) if row is not None else None


def number_of_payment(session: Session, *, payment_id: uuid.UUID) -> str:
    """The number of the invoice that a payment was begun for."""
    found = text(
        "SELECT i.number FROM invoice_payment l JOIN invoice i ON i.id = l.invoice_id WHERE l.payment_id = :id"
    )
    return str(session.execute(found, {"id": payment_id}).scalar_one())


def load_invoice_moves(session: Session, *, invoice_id: uuid.UUID) -> Sequence[InvoiceMoveRow]:
    """What lowered it and what is tried, the newest first."""
    return [InvoiceMoveRow(*row) for row in session.execute(_MOVES, {"id": invoice_id})]


@dataclass(frozen=True, slots=True)
class Owed:
    """What is owed in one currency, all told and late."""

    currency: str
    open_minor: int
    overdue_minor: int
    overdue: int


def all_owed(session: Session) -> Sequence[Owed]:
    """What everybody owes, by currency."""
    rows = session.execute(
        select(
            Invoice.currency,
            cast(func.sum(_left), BigInteger),
            cast(func.coalesce(func.sum(_left).filter(Invoice.state == "overdue"), 0), BigInteger),
            func.count().filter(Invoice.state == "overdue"),
        )
        .where(Invoice.closed_at.is_(None))
        .group_by(Invoice.currency)
        .order_by(Invoice.currency)
    )
    return [Owed(*row) for row in rows]


@dataclass(frozen=True, slots=True)
class CreditLineRow:
    """A credit line with what is owed on it; amounts in minor units of `currency`."""

    id: uuid.UUID
    user_id: uuid.UUID
    name: str
    currency: str
    limit_minor: int
    owed_minor: int
    days: int
    state: str
    wanted_minor: int | None
    wanted_by: str | None
    reason: str
    changed_at: datetime
    changed_by: str


_LINE_SORTING = Sorting((CreditLine.changed_at, CreditLine.id), (datetime, uuid.UUID))


def list_credit_lines(session: Session, *, cursor: str | None) -> Page[CreditLineRow]:
    """One page, the latest change first. Raises CursorInvalidError."""
    owed = (
        select(cast(func.coalesce(func.sum(_left), 0), BigInteger))
        .where(Invoice.user_id == CreditLine.user_id, Invoice.currency == CreditLine.currency)
        .where(Invoice.closed_at.is_(None))
        .correlate(CreditLine)
        .scalar_subquery()
    )
    statement = select(
        CreditLine.id,
        CreditLine.user_id,
        User.name,
        CreditLine.currency,
        CreditLine.limit_minor,
        owed.label("owed_minor"),
        CreditLine.days,
        CreditLine.state,
        CreditLine.wanted_minor,
        CreditLine.wanted_by,
        CreditLine.reason,
        CreditLine.changed_at,
        CreditLine.changed_by,
    ).join(User, User.id == CreditLine.user_id)
    return fetch_page(
        session,
        statement,
        _LINE_SORTING,
        make=lambda row: CreditLineRow(*row),
        key=lambda row: (row.changed_at, row.id),
        cursor_text=cursor,
        mark=fingerprint("credit_lines"),
        total=count_up_to(session, select(CreditLine.id)),
    )
