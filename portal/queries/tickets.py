"""Tickets for buyers and desks: lists by what waits, one with all that was said, and its files."""

from __future__ import annotations

import base64
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, or_, select, text
from sqlalchemy.orm import Session, aliased

from portal.crypto import email_index
from portal.kit.paging import Page, fingerprint
from portal.models import Order, Shipment, Store, StoreMember, Ticket, TicketFile, TicketMessage, User
from portal.queries.keyset import Sorting, count_up_to, fetch_page
from portal.queries.ticket_things import Thing, find_thing
from portal.rules.tickets import UNSOLVED, read_about


class TicketView(StrEnum):
    """Which tickets a list shows."""

    OPEN = "open"
    WAITING = "waiting"
    LATE = "late"
    MINE = "mine"
    ANSWERED = "answered"
    SOLVED = "solved"
    CLOSED = "closed"
    ALL = "all"


@dataclass(frozen=True, slots=True)
class TicketFilter:
    """What a list is asked for. `store_id` is a store's desk; without it (and `buyer_id`) it is the mall's."""

    view: TicketView
    buyer_id: uuid.UUID | None = None
    store_id: int | None = None
    kind: str | None = None
    assignee_id: uuid.UUID | None = None
    search: str = ""
    limit: int = 50


@dataclass(frozen=True, slots=True)
class TicketRow:
    """A ticket in a list; `store_name` is the store that was written to, `with_mall` whether the mall answers."""

    id: uuid.UUID
    number: str
    kind: str
    state: str
    about: str | None
    order_number: str | None
    buyer_id: uuid.UUID
    buyer_name: str
    store_id: int | None
    store_name: Mapping[str, str] | None
    with_mall: bool
    assignee_id: uuid.UUID | None
    assignee_name: str | None
    answer_due_at: datetime | None
    missed_at: datetime | None
    opened_at: datetime
    moved_at: datetime
    version: int


@dataclass(frozen=True, slots=True)
class FileView:
    """A file that came with a message, without its content."""

    id: uuid.UUID
    name: str
    kind: str
    size: int


@dataclass(frozen=True, slots=True)
class MessageView:
    """What somebody said. Buyers are told the side, not the name."""

    id: uuid.UUID
    side: str
    author_name: str
    is_internal: bool
    text: str
    at: datetime
    files: tuple[FileView, ...]


@dataclass(frozen=True, slots=True)
class MoveView:
    """A move of the ticket; `actor` is a label."""

    state: str
    actor: str
    at: datetime


@dataclass(frozen=True, slots=True)
class TicketDetail:
    """One ticket with its story. `thing` is what it is about, `part_id` the store's part of that order."""

    row: TicketRow
    thing: Thing | None
    part_id: uuid.UUID | None
    messages: tuple[MessageView, ...]
    moves: tuple[MoveView, ...]


@dataclass(frozen=True, slots=True)
class FileContent:
    name: str
    kind: str
    content: bytes


_Assignee = aliased(User)
# The mall looks after what it answers itself, and after what stores have left lying.
_OF_MALL = or_(Ticket.with_mall, Ticket.missed_at.is_not(None))
_STATES = {TicketView.ANSWERED: "waiting_buyer", TicketView.SOLVED: "solved", TicketView.CLOSED: "closed"}


def _rows() -> Select[Any]:
    return (
        select(
            Ticket.id,
            Ticket.number,
            Ticket.kind,
            Ticket.state,
            Ticket.about,
            Order.number.label("order_number"),
            Ticket.buyer_id,
            User.name,
            Ticket.store_id,
            Store.name.label("store_name"),
            Ticket.with_mall,
            Ticket.assignee_id,
            _Assignee.name.label("assignee_name"),
            Ticket.answer_due_at,
            Ticket.missed_at,
            Ticket.opened_at,
            Ticket.moved_at,
            Ticket.version,
        )
        .join(User, User.id == Ticket.buyer_id)
        .outerjoin(Order, Order.id == Ticket.order_id)
        .outerjoin(Store, Store.id == Ticket.store_id)
        .outerjoin(_Assignee, _Assignee.id == Ticket.assignee_id)
    )


def _in_view(chosen: TicketFilter, view: TicketView) -> list[ColumnElement[bool]]:
    """What a view asks of its tickets, on the desk (or the page) that is meant."""
    said: list[ColumnElement[bool]] = []
    is_mall = chosen.store_id is None and chosen.buyer_id is None
    if chosen.store_id is not None:
        said.append(Ticket.store_id == chosen.store_id)
    if chosen.buyer_id is not None:
        said.append(Ticket.buyer_id == chosen.buyer_id)
    if view is TicketView.OPEN:
        said.append(Ticket.state.in_(UNSOLVED))
    elif view is TicketView.WAITING:
        said.append(Ticket.answer_due_at.is_not(None))
        if chosen.store_id is not None:
            said.append(Ticket.with_mall.is_(False))
        elif is_mall:
            said.append(_OF_MALL)
    elif view is TicketView.LATE:
        said += [Ticket.answer_due_at.is_not(None), Ticket.missed_at.is_not(None)]
    elif view is TicketView.MINE:
        said += [Ticket.assignee_id == chosen.assignee_id, Ticket.state != "closed"]
    elif view in _STATES:
        said.append(Ticket.state == _STATES[view])
    return said


def list_tickets(session: Session, *, chosen: TicketFilter, cursor: str | None = None) -> Page[TicketRow]:
    """One page: what waits by its deadline, the rest by its latest move. Raises CursorInvalidError."""
    statement = _rows().where(*_in_view(chosen, chosen.view))
    if chosen.kind:
        statement = statement.where(Ticket.kind == chosen.kind)
    if chosen.search:
        statement = statement.where(_found(chosen.search))
    by_deadline = chosen.view in {TicketView.WAITING, TicketView.LATE}
    column = Ticket.answer_due_at if by_deadline else Ticket.moved_at

    def key(row: TicketRow) -> tuple[Any, ...]:
        return (row.answer_due_at if by_deadline else row.moved_at, row.id)

    return fetch_page(
        session,
        statement,
        Sorting((column, Ticket.id), (datetime, uuid.UUID), falling=not by_deadline),
        make=lambda row: TicketRow(*row),
        key=key,
        cursor_text=cursor,
        mark=fingerprint("tickets", chosen),
        rows_max=chosen.limit,
        total=count_up_to(session, statement.with_only_columns(Ticket.id)),
    )


def _found(words: str) -> ColumnElement[bool]:
    """By the ticket's number, the order's, a parcel's, or the whole e-mail address of its buyer."""
    number = words.upper()
    parcels = select(Shipment.order_id).where(Shipment.tracking_number == words)
    return or_(
        Ticket.number.startswith(number, autoescape=True),
        Order.number.startswith(number, autoescape=True),
        User.email_index == email_index(words),
        and_(Ticket.order_id.is_not(None), Ticket.order_id.in_(parcels)),
    )


def count_tickets(session: Session, *, chosen: TicketFilter, views: list[TicketView]) -> dict[TicketView, int]:
    """How many each view has, in one statement."""
    counts = [func.count().filter(and_(*_in_view(chosen, view))) for view in views]
    scope = _in_view(chosen, TicketView.ALL)
    row = session.execute(select(*counts).select_from(Ticket).where(Ticket.state != "closed", *scope)).one()
    return dict(zip(views, row, strict=True))


def load_ticket(session: Session, *, with_notes: bool, **by: Any) -> TicketDetail | None:
    """The ticket with `ticket_id` or `number`, with what its reader may read; None when there is none."""
    name, value = next(iter(by.items()))
    column = {"ticket_id": Ticket.id, "number": Ticket.number}[name]
    found = session.execute(_rows().where(column == value)).one_or_none()
    if found is None:
        return None
    row = TicketRow(*found)
    about = read_about(row.about or "")
    thing = find_thing(session, about=about) if about else None
    values = {
        "id": row.id,
        "subject": str(row.id),
        "order_id": thing.order_id if thing else None,
        "store": row.store_id,
    }
    moves = session.execute(_MOVES, values)
    return TicketDetail(
        row=row,
        thing=thing,
        part_id=session.scalar(_PART, values) if thing and row.store_id is not None else None,
        messages=_messages(session, row.id, with_notes=with_notes),
        moves=tuple(MoveView(*move) for move in moves),
    )


_MOVES = text(
    """
    SELECT to_state, actor, at FROM transition
     WHERE subject = 'ticket' AND subject_id = :subject AND from_state IS NOT NULL ORDER BY id
    """
)
_PART = text("SELECT id FROM order_part WHERE order_id = :order_id AND store_id = :store LIMIT 1")


def _messages(session: Session, ticket_id: uuid.UUID, *, with_notes: bool) -> tuple[MessageView, ...]:
    statement = (
        select(
            TicketMessage.id,
            TicketMessage.side,
            User.name,
            TicketMessage.is_internal,
            TicketMessage.text,
            TicketMessage.at,
        )
        .join(User, User.id == TicketMessage.author_id)
        .where(TicketMessage.ticket_id == ticket_id)
        .order_by(TicketMessage.at, TicketMessage.id)
    )
    if not with_notes:
        statement = statement.where(TicketMessage.is_internal.is_(False))
    rows = session.execute(statement).all()
    files: dict[uuid.UUID, list[FileView]] = {}
    attached = (
        select(TicketFile.message_id, TicketFile.id, TicketFile.name, TicketFile.kind, TicketFile.size)
        .where(TicketFile.message_id.in_([row.id for row in rows]))
        .order_by(TicketFile.position)
    )
    for file in session.execute(attached):
        files.setdefault(file.message_id, []).append(FileView(file.id, file.name, file.kind, file.size))
    return tuple(MessageView(*row, files=tuple(files.get(row.id, ()))) for row in rows)


def load_file(session: Session, *, ticket_id: uuid.UUID, file_id: uuid.UUID, with_notes: bool) -> FileContent | None:
    """A file of this very ticket that its reader may see."""
    statement = (
        select(TicketFile.name, TicketFile.kind, TicketFile.content)
        .join(TicketMessage, TicketMessage.id == TicketFile.message_id)
        .where(TicketFile.id == file_id, TicketMessage.ticket_id == ticket_id)
    )
    if not with_notes:
        statement = statement.where(TicketMessage.is_internal.is_(False))
    row = session.execute(statement).one_or_none()
    return FileContent(row.name, row.kind, base64.b64decode(row.content)) if row else None


def answerers(session: Session, *, store_id: int | None, roles: list[str]) -> list[tuple[uuid.UUID, str]]:
    """Who may be given a ticket: the members of a store, or whoever has one of the mall's roles; by name."""
    statement = select(User.id, User.name)
    if store_id is not None:
        statement = statement.join(StoreMember, StoreMember.user_id == User.id).where(StoreMember.store_id == store_id)
    else:
        statement = statement.where(User.roles.op("&&")(roles))
    return sorted(((row.id, row.name) for row in session.execute(statement)), key=lambda one: one[1].casefold())


@dataclass(frozen=True, slots=True)
class TicketRef:
    """A ticket as other pages name it."""

    id: uuid.UUID
    number: str
    kind: str
    state: str


def tickets_of_order(session: Session, *, order_id: uuid.UUID, store_id: int | None = None) -> list[TicketRef]:
    """The tickets of an order, the newest first; with `store_id` that store's alone."""
    statement = select(Ticket.id, Ticket.number, Ticket.kind, Ticket.state).where(Ticket.order_id == order_id)
    if store_id is not None:
        statement = statement.where(Ticket.store_id == store_id)
    return [TicketRef(*row) for row in session.execute(statement.order_by(Ticket.opened_at.desc()))]
