"""All orders of the mall, as administrators list them."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, and_, false, func, or_, select
from sqlalchemy.orm import Session

from portal.crypto import email_index
from portal.kit.ids import normalise_code
from portal.kit.paging import CursorValue, Page, fingerprint
from portal.models import Order, OrderHold, Payment, User
from portal.queries.channels import channel_directory
from portal.queries.keyset import PAGE_ROWS, AnySelect, Sorting, count_up_to, fetch_page, sorted_by
from portal.rules.holds import HIGH_RISK

# What an index can sort by. Amounts are compared in the platform's currency, at the rate that each order has kept.
SORTINGS: Mapping[str, Sorting] = {
    "placed": Sorting((Order.placed_at, Order.id), (datetime, uuid.UUID)),
    "amount": Sorting((func.coalesce(Order.platform_minor, Order.payable_minor), Order.id), (int, uuid.UUID)),
}
# What a row of the list shows of the order itself.
_SHOWN = (
    Order.id,
    Order.number,
    Order.status,
    Order.currency,
    Order.payable_minor,
    Order.placed_at,
    Order.channel_id,
    Order.risk_score,
    Order.fraud_hold,
    Order.platform_minor,
    Order.platform_currency,
)


@dataclass(frozen=True, slots=True)
class OrderFilter:
    """What the list shows. `search` is an order number or an e-mail address; `held` are those that wait for review.

    `first` and `last` are days of each order's channel, both included: those by which figures count. `sort` is one of
    SORTINGS, with "-" before it where it falls. `only` are the channels whose orders may be seen; None is all.
    """

    status: str | None = None
    channel_id: int | None = None
    placed_from: datetime | None = None
    search: str = ""
    held: bool = False
    first: date | None = None
    last: date | None = None
    currency: str | None = None
    paid: bool = False
    sort: str = "-placed"
    only: tuple[int, ...] | None = None

    @property
    def mark(self) -> str:
        days = (str(self.first), str(self.last), self.currency, self.paid, self.only)
        return fingerprint("admin_orders", self.status, self.channel_id, self.search, self.held, self.sort, *days)


@dataclass(frozen=True, slots=True)
class OrderRow:
    """One row of the list. `review` is `waiting` or `cleared` for orders that a rule held (A10)."""

    id: uuid.UUID
    number: str
    status: str
    currency: str
    payable_minor: int
    placed_at: datetime
    channel_id: int
    risk_score: int | None
    under_review: bool
    platform_minor: int | None
    platform_currency: str | None
    payment_status: str | None
    method: str | None

    @property
    def compared_minor(self) -> int:
        """The amount in the currency in which amounts of all channels are compared."""
        return self.payable_minor if self.platform_minor is None else self.platform_minor


def open_hold() -> ColumnElement[bool]:
    """Orders that a risk rule holds and that can still be decided: few, and an index of them alone finds them."""
    held = select(OrderHold.order_id).where(OrderHold.released_at.is_(None), OrderHold.reason == HIGH_RISK)
    return and_(Order.id.in_(held), Order.status.in_(["pending", "paid"]))


def number_is(typed: str) -> ColumnElement[bool]:
    """The order of a number as people type it: small letters, spaces or a missing hyphen."""
    return Order.number.in_(numbers_meant(typed))


def numbers_meant(typed: str) -> list[str]:
    """A number as it was typed, and as it is written."""
    upper = typed.strip().upper()
    return [upper, f"{upper[:2]}-{normalise_code(upper[2:])}"]


def _placed_on(first: date | None, last: date | None) -> ColumnElement[bool]:
    """Orders placed on these days of their channel's calendar."""
    found = []
    for channel in channel_directory().channels.values():
        zone = ZoneInfo(channel.time_zone)
        bounds = [Order.channel_id == channel.id]
        if first is not None:
            bounds.append(Order.placed_at >= datetime.combine(first, time(), tzinfo=zone))
        if last is not None:
            bounds.append(Order.placed_at < datetime.combine(last + timedelta(days=1), time(), tzinfo=zone))
        found.append(and_(*bounds))
    return or_(false(), *found)


def narrowed(statement: AnySelect, chosen: OrderFilter) -> AnySelect:
    """The statement over orders, with these conditions."""
    if chosen.status:
        statement = statement.where(Order.status == chosen.status)
    if chosen.channel_id is not None:
        statement = statement.where(Order.channel_id == chosen.channel_id)
    if chosen.only is not None:
        statement = statement.where(Order.channel_id.in_(chosen.only))
    if chosen.placed_from is not None:
        statement = statement.where(Order.placed_at >= chosen.placed_from)
    if chosen.first or chosen.last:
        statement = statement.where(_placed_on(chosen.first, chosen.last))
    if chosen.currency:
        statement = statement.where(Order.currency == chosen.currency)
    if chosen.paid:
        statement = statement.where(Order.paid_at.is_not(None))
    if chosen.held:
        statement = statement.where(open_hold())
    words = chosen.search.strip()
    if "@" in words:
        buyer = select(User.id).where(User.email_index == email_index(words))
        statement = statement.where(Order.buyer_id.in_(buyer))
    elif words:
        statement = statement.where(number_is(words))
    return statement


def list_orders(
    session: Session, *, chosen: OrderFilter, cursor: str | None, rows_max: int = PAGE_ROWS
) -> Page[OrderRow]:
    """One page of orders, with how many match. Raises CursorInvalidError."""
    plain = narrowed(select(Order.id), chosen)
    # An order has at most one payment row; it is looked up for the rows shown, never joined before the limit.
    method = select(Payment.method).where(Payment.order_id == Order.id).limit(1).correlate(Order).scalar_subquery()
    status = select(Payment.status).where(Payment.order_id == Order.id).limit(1).correlate(Order).scalar_subquery()
    columns = narrowed(
        select(
            *_SHOWN,
            status.label("payment_status"),
            method.label("method"),
        ),
        chosen,
    )

    def make(row: Any) -> OrderRow:
        return OrderRow(
            id=row.id,
            number=row.number,
            status=row.status,
            currency=row.currency,
            payable_minor=row.payable_minor,
            placed_at=row.placed_at,
            channel_id=row.channel_id,
            risk_score=row.risk_score,
            under_review=row.fraud_hold and row.status in {"pending", "paid"},
            platform_minor=row.platform_minor,
            platform_currency=row.platform_currency,
            payment_status=row.payment_status,
            method=row.method,
        )

    def key(row: OrderRow) -> tuple[CursorValue, ...]:
        return (row.compared_minor if chosen.sort.endswith("amount") else row.placed_at, row.id)

    return fetch_page(
        session,
        columns,
        sorted_by(SORTINGS, chosen.sort),
        make=make,
        key=key,
        cursor_text=cursor,
        mark=chosen.mark,
        rows_max=rows_max,
        total=count_up_to(session, plain),
    )


def orders_of(session: Session, *, user_id: uuid.UUID, limit: int = 10) -> list[OrderRow]:
    """A person's latest orders."""
    rows = session.execute(
        select(*_SHOWN).where(Order.buyer_id == user_id).order_by(Order.placed_at.desc()).limit(limit)
    )
    return [OrderRow(*row, payment_status=None, method=None) for row in rows]
