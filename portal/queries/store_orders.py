"""A store's own orders: its inbox (ORD-001)."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session, aliased

from portal.kit.money import Money
from portal.kit.paging import CursorValue, Page, fingerprint
from portal.models import Order, OrderHold, OrderLine, OrderPart, Payment, Store
from portal.models.order import TO_SEND
from portal.queries.keyset import (
    COUNT_MAX,
    FEW,
    PAGE_ROWS,
    AnySelect,
    Sorting,
    count_up_to,
    fetch_page,
    neighbour,
    sorted_by,
)
from portal.queries.store_order import PAID_STATES, StoreOrder, address_of, shares_with
from portal.queries.store_search import named_parts
from portal.rules.deadlines import Step, next_step


def _by_time(column: InstrumentedAttribute[datetime | None]) -> Sorting:
    """A part that has no such time stands where it was placed."""
    return Sorting((func.coalesce(column, OrderPart.placed_at), OrderPart.id), (datetime, uuid.UUID))


# What an index can sort by. Amounts are compared in the platform's currency, at the rate that each order has kept.
SORTINGS: Mapping[str, Sorting] = {
    "placed": Sorting((OrderPart.placed_at, OrderPart.id), (datetime, uuid.UUID)),
    "deliver": _by_time(OrderPart.deliver_until),
    "accept": _by_time(OrderPart.accept_by),
    "send": _by_time(OrderPart.ship_by),
    "amount": Sorting(
        (func.coalesce(OrderPart.platform_minor, OrderPart.payable_minor), OrderPart.id), (int, uuid.UUID)
    ),
}


class StoreView(StrEnum):
    """The views of the inbox. Parts of orders that nobody has paid are in none of them (S02)."""

    ACTION = "action"
    TO_SEND = "to_send"
    OVERDUE = "overdue"
    ON_HOLD = "hold"
    SHIPPED = "shipped"
    RETURNING = "returning"
    CANCELLED = "cancelled"
    ALL = "all"


# By which deadline the parts of a view wait for their store; those of others wait for none, and no index sorts them so.
DUE: Mapping[StoreView, str] = {StoreView.ACTION: "accept", StoreView.TO_SEND: "send", StoreView.OVERDUE: "send"}


@dataclass(frozen=True, slots=True)
class StoreOrderFilter:
    """What a list shows. `now` is the moment by which a part is overdue; `search` is as typed.

    `sort` is one of SORTINGS, with "-" before it where it falls; None is the view's own.
    """

    store_id: int
    view: StoreView
    now: datetime
    state: str | None = None
    channel_id: int | None = None
    placed_from: datetime | None = None
    search: str = ""
    sort: str | None = None

    @property
    def due(self) -> str | None:
        """The sorting by the deadline of this view."""
        return DUE.get(self.view)

    @property
    def sorting(self) -> str:
        """What was chosen, or the view's own: what needs the store starts with the oldest deadline (S02)."""
        own = self.due or "-placed"
        column = (self.sort or own).removeprefix("-")
        return own if column in DUE.values() and column != self.due else self.sort or own

    @property
    def mark(self) -> str:
        """The cursors of one list are no good in another; the passing of time does not make it another."""
        chosen = (self.view, self.state, self.channel_id, self.search, self.sorting)
        return fingerprint("store_orders", self.store_id, *chosen)


@dataclass(frozen=True, slots=True)
class StoreOrderRow:
    """One row of the inbox: the store's own part of an order."""

    part_id: uuid.UUID
    number: str
    status: str
    placed_at: datetime
    deliver_until: datetime | None
    currency: str
    payable_minor: int
    platform_minor: int | None
    channel_id: int
    buyer: str
    units: int
    lines: int
    first_line: Mapping[str, str]
    is_overdue: bool
    in_platform: Money | None
    accept_by: datetime | None
    ship_by: datetime | None
    is_late: bool

    @property
    def due_at(self) -> datetime | None:
        """Until when the store's next step has to be done, if one is open."""
        return _due_at(self.status, self.accept_by, self.ship_by)


def _due_at(status: str, accept_by: datetime | None, ship_by: datetime | None) -> datetime | None:
    match next_step(status):
        case Step.ACCEPT:
            return accept_by
        case Step.SHIP:
            return ship_by
    return None


@dataclass(frozen=True, slots=True)
class MemberStore:
    """A store that a member may choose."""

    id: int
    slug: str
    name: Mapping[str, str]


def list_stores(session: Session, store_ids: Sequence[int]) -> tuple[MemberStore, ...]:
    """The stores of a member, the oldest first."""
    rows = session.execute(select(Store.id, Store.slug, Store.name).where(Store.id.in_(store_ids)).order_by(Store.id))
    return tuple(MemberStore(*row) for row in rows)


def _has_open_hold() -> ColumnElement[bool]:
    return (
        select(OrderHold.id)
        .where(OrderHold.part_id == OrderPart.id, OrderHold.released_at.is_(None))
        .correlate(OrderPart)
        .exists()
    )


def _is_on_hold() -> ColumnElement[bool]:
    """Paid or authorised, and waiting for the mall's review: the store may know that something is coming."""
    of_part = aliased(Order)
    authorised = (
        select(Payment.id).where(Payment.order_id == of_part.id, Payment.status == "authorised").correlate(of_part)
    )
    # Asked of the few that are held, and not of every part that a list passes.
    money_is_there = (
        select(of_part.id)
        .where(
            of_part.id == OrderPart.order_id,
            or_(of_part.status.in_(PAID_STATES), and_(of_part.status == "pending", authorised.exists())),
        )
        .correlate(OrderPart)
        .exists()
    )
    return and_(OrderPart.status == "held", _has_open_hold(), money_is_there)


def _in_view(chosen: StoreOrderFilter) -> ColumnElement[bool]:
    match chosen.view:
        case StoreView.ACTION:
            return OrderPart.status == "released"
        case StoreView.TO_SEND:
            return OrderPart.status.in_(("accepted", "packed"))
        case StoreView.OVERDUE:
            return and_(OrderPart.status.in_(TO_SEND), OrderPart.deliver_until < chosen.now)
        case StoreView.ON_HOLD:
            return _is_on_hold()
        case StoreView.SHIPPED | StoreView.RETURNING:
            return OrderPart.status == chosen.view.value
        case StoreView.CANCELLED:
            return and_(OrderPart.status == "cancelled", OrderPart.released_at.is_not(None))
        case StoreView.ALL:
            return or_(OrderPart.released_at.is_not(None), _is_on_hold())


def _with_order(columns: AnySelect) -> AnySelect:
    """Columns of parts and of the orders that they belong to."""
    return columns.select_from(OrderPart).join(Order, Order.id == OrderPart.order_id)


def _narrowed(statement: AnySelect, chosen: StoreOrderFilter, found: ColumnElement[bool] | None) -> AnySelect:
    statement = statement.where(OrderPart.store_id == chosen.store_id, _in_view(chosen))
    if chosen.state:
        statement = statement.where(OrderPart.status == chosen.state)
    if chosen.channel_id is not None:
        of_part = aliased(Order)
        of_channel = select(of_part.id).where(of_part.id == OrderPart.order_id, of_part.channel_id == chosen.channel_id)
        statement = statement.where(of_channel.correlate(OrderPart).exists())
    if chosen.placed_from is not None:
        statement = statement.where(OrderPart.placed_at >= chosen.placed_from)
    return statement if found is None else statement.where(found)


def _found(session: Session, chosen: StoreOrderFilter) -> ColumnElement[bool] | None:
    """What is searched for, looked up once for the page and its count."""
    return named_parts(session, store_id=chosen.store_id, words=chosen.search) if chosen.search.strip() else None


def _key(chosen: StoreOrderFilter, row: StoreOrderRow | StoreOrder) -> tuple[CursorValue, ...]:
    match chosen.sorting.removeprefix("-"):
        case "amount":
            first: CursorValue = row.payable_minor if row.platform_minor is None else row.platform_minor
        case "deliver":
            first = row.deliver_until or row.placed_at
        case "accept":
            first = row.accept_by or row.placed_at
        case "send":
            first = row.ship_by or row.placed_at
        case _:
            first = row.placed_at
    return (first, row.part_id)


def _first_line(column: Any) -> Any:
    """Of the part's first line; a look at one index for each of the rows shown."""
    return (
        select(column)
        .where(OrderLine.part_id == OrderPart.id)
        .order_by(OrderLine.position)
        .limit(1)
        .correlate(OrderPart)
        .scalar_subquery()
    )


def list_store_orders(
    session: Session, *, chosen: StoreOrderFilter, cursor: str | None, rows_max: int = PAGE_ROWS
) -> Page[StoreOrderRow]:
    """One page of the inbox, with the number of rows that match. Raises CursorInvalidError."""
    units = (
        select(func.sum(OrderLine.quantity))
        .where(OrderLine.part_id == OrderPart.id)
        .correlate(OrderPart)
        .scalar_subquery()
    )
    lines = select(func.count()).where(OrderLine.part_id == OrderPart.id).correlate(OrderPart).scalar_subquery()
    columns = select(
        OrderPart.id,
        Order.number,
        OrderPart.status,
        OrderPart.placed_at,
        OrderPart.deliver_until,
        OrderPart.accept_by,
        OrderPart.ship_by,
        Order.currency,
        OrderPart.payable_minor,
        OrderPart.platform_minor,
        Order.channel_id,
        Order.address,
        units.label("units"),
        lines.label("lines"),
        _first_line(OrderLine.name).label("first_line"),
        OrderPart.released_at,
        Order.platform_currency,
        select(Store.country).where(Store.id == OrderPart.store_id).scalar_subquery().label("country"),
    )
    found = _found(session, chosen)
    narrowed = _narrowed(_with_order(columns), chosen, found)
    # Counted without the orders, so that nothing is looked up for rows that nobody sees.
    most = COUNT_MAX if found is None else FEW
    total = count_up_to(session, _narrowed(select(OrderPart.id), chosen, found), most)

    def make(row: Any) -> StoreOrderRow:
        due_at = _due_at(row.status, row.accept_by, row.ship_by)
        is_shared = shares_with(session, row.channel_id, row.country, chosen.now)
        return StoreOrderRow(
            part_id=row.id,
            number=row.number,
            status=row.status,
            placed_at=row.placed_at,
            deliver_until=row.deliver_until,
            currency=row.currency,
            payable_minor=row.payable_minor,
            platform_minor=row.platform_minor,
            channel_id=row.channel_id,
            buyer=_buyer_name(row.address) if row.released_at and is_shared else "",
            units=int(row.units or 0),
            lines=row.lines,
            in_platform=Money(row.platform_minor, row.platform_currency) if row.platform_currency else None,
            first_line=row.first_line or {},
            is_overdue=row.status in TO_SEND and row.deliver_until is not None and row.deliver_until < chosen.now,
            accept_by=row.accept_by,
            ship_by=row.ship_by,
            is_late=due_at is not None and due_at < chosen.now,
        )

    return fetch_page(
        session,
        narrowed,
        sorted_by(SORTINGS, chosen.sorting),
        make=make,
        key=lambda row: _key(chosen, row),
        cursor_text=cursor,
        rows_max=rows_max,
        mark=chosen.mark,
        total=total,
    )


def matching_parts(
    session: Session, *, chosen: StoreOrderFilter, ids: Sequence[uuid.UUID] | None, limit: int
) -> list[tuple[uuid.UUID, str]]:
    """Parts of a list with their orders' numbers: all that it has, or those of these ids that are in it."""
    narrowed = _narrowed(_with_order(select(OrderPart.id, Order.number)), chosen, _found(session, chosen))
    if ids is not None:
        narrowed = narrowed.where(OrderPart.id.in_(ids))
    rows = session.execute(narrowed.order_by(OrderPart.placed_at, OrderPart.id).limit(limit))
    return [(row.id, row.number) for row in rows]


def neighbours(
    session: Session, *, chosen: StoreOrderFilter, order: StoreOrder
) -> tuple[uuid.UUID | None, uuid.UUID | None]:
    """The parts before and after this one in the list it was opened from (S14)."""
    narrowed = _narrowed(select(OrderPart.id), replace(chosen, search=chosen.search), _found(session, chosen))
    here, sorting = _key(chosen, order), sorted_by(SORTINGS, chosen.sorting)
    before = neighbour(session, narrowed, sorting, here, backwards=True)
    following = neighbour(session, narrowed, sorting, here, backwards=False)
    return (before.id if before else None, following.id if following else None)


def _buyer_name(sealed: str | None) -> str:
    return str(address_of(sealed).get("name") or "")
