"""Tickets of the key's person and his stores, through the services that the pages use (ORD-08)."""

from __future__ import annotations

import uuid
from datetime import timedelta

from sqlalchemy.orm import Session

from portal.blueprints.access import NotFoundError
from portal.blueprints.api.files import BODY_BYTES_MAX, UNFIT, read_attachments
from portal.blueprints.api.keys import api_actor, current_client, own_key, require
from portal.blueprints.api.once import claim
from portal.blueprints.api.operations import FOR_MALL, FileReply, PathValue, Reply, operation
from portal.blueprints.api.v1.tickets import examples
from portal.blueprints.api.v1.tickets.schemas import (
    Message,
    MessageRequest,
    Ticket,
    TicketDetail,
    TicketFile,
    TicketMove,
    TicketPage,
    TicketQuery,
    TicketRequest,
)
from portal.blueprints.velocity import act_of
from portal.db import atomically, reading
from portal.kit import clock
from portal.kit.file_kinds import FileKind
from portal.kit.paging import CursorInvalidError
from portal.queries.channels import channel_directory
from portal.queries.tickets import TicketDetail as Detail
from portal.queries.tickets import TicketFilter, TicketRow, TicketView, list_tickets, load_file, load_ticket
from portal.rules.permissions import Actor, Permission
from portal.rules.states import MoveRefusedError
from portal.rules.tickets import AboutUnknownError, MessageEmptyError, Side, TicketClosedError
from portal.services.accounts.throttle import TALK, TooOftenError
from portal.services.idempotency import IdempotencyKeyMissingError, IdempotencyKeyReusedError
from portal.services.tickets.keep_message import Words
from portal.services.tickets.lock_ticket import TicketUnknownError, TicketWithMallError, speaks_for
from portal.services.tickets.move_ticket import move_ticket
from portal.services.tickets.open_ticket import Matter, open_ticket
from portal.services.tickets.write_message import write_message, write_note

TAG = "Tickets"
TOO_OFTEN = TooOftenError(timedelta(minutes=30))
FILE = "0193a7c2-5d1e-7c7e-9f3a-0b6f3f1d2a4b"
NUMBER = PathValue("The ticket's number.", {"type": "string", "minLength": 1}, examples.TICKET_NUMBER)


@operation(
    "GET",
    "/tickets",
    tag=TAG,
    summary="List tickets",
    description="One's own, those that were written to the first of the person's stores, or those of the mall.",
    permission=Permission.TICKET_VIEW,
    query=TicketQuery,
    answer=TicketPage,
    example=examples.PAGE,
    refusals=(CursorInvalidError, NotFoundError),
)
def list_own_tickets(query: TicketQuery) -> TicketPage:
    actor = api_actor()
    view = TicketView(query.view)
    if query.side == "store":
        if not actor.store_ids:
            raise NotFoundError
        chosen = TicketFilter(view, store_id=min(actor.store_ids), limit=query.limit)
    elif query.side == "mall":
        require(Permission.TICKET_VIEW, FOR_MALL)
        chosen = TicketFilter(view, limit=query.limit)
    else:
        chosen = TicketFilter(view, buyer_id=actor.user_id, limit=query.limit)
    with reading() as session:
        page = list_tickets(session, chosen=chosen, cursor=query.cursor)
    return TicketPage.of(page, [_as_ticket(row) for row in page.rows])


@operation(
    "GET",
    "/tickets/<string:number>",
    tag=TAG,
    summary="Show a ticket",
    description="With all that was said. Buyers do not read notes.",
    permission=Permission.TICKET_VIEW,
    answer=TicketDetail,
    example=examples.DETAIL,
    path_values={"number": NUMBER},
    refusals=(NotFoundError,),
)
def show_ticket(number: str) -> TicketDetail:
    return as_detail(*load_spoken(number))


@operation(
    "POST",
    "/tickets",
    tag=TAG,
    summary="Open a ticket",
    description="It goes to the store that its thing concerns, or to the mall about payments and accounts.",
    permission=Permission.TICKET_WRITE,
    body=TicketRequest,
    body_bytes_max=BODY_BYTES_MAX,
    body_example=examples.REQUEST,
    answer=TicketDetail,
    status=201,
    answer_text="The ticket is open.",
    example=examples.DETAIL,
    refusals=(
        TicketUnknownError,
        AboutUnknownError,
        MessageEmptyError,
        TOO_OFTEN,
        *UNFIT,
        IdempotencyKeyMissingError,
        IdempotencyKeyReusedError,
    ),
    is_idempotent=True,
)
def open_own_ticket(body: TicketRequest, key: str) -> TicketDetail:
    actor, now, client = api_actor(), clock.now(), current_client()
    channel = channel_directory().by_id(client.client.channel_id)
    locale = body.locale or client.locale or channel.default_locale
    _count(actor, key)
    matter = Matter(body.kind, body.about or "", Words(own_key(key), body.text, read_attachments(body.files)))

    def work(session: Session) -> str:
        claim(session, key, scope="ticket", about=["new"], body=body)
        return open_ticket(session, matter=matter, actor=actor, channel_id=channel.id, locale=locale, now=now)

    return as_detail(*load_spoken(atomically(work)))


@operation(
    "POST",
    "/tickets/<string:number>/messages",
    tag=TAG,
    summary="Write in a ticket",
    description="As its buyer, or for the store that it was written to.",
    permission=Permission.TICKET_VIEW,
    body=MessageRequest,
    body_bytes_max=BODY_BYTES_MAX,
    body_example=examples.WORDS,
    answer=TicketDetail,
    status=201,
    answer_text="It is said.",
    example=examples.DETAIL,
    path_values={"number": NUMBER},
    refusals=(
        NotFoundError,
        TicketClosedError,
        TicketWithMallError,
        TicketUnknownError,
        MessageEmptyError,
        TOO_OFTEN,
        *UNFIT,
        IdempotencyKeyMissingError,
        IdempotencyKeyReusedError,
    ),
    is_idempotent=True,
)
def write_in_ticket(number: str, body: MessageRequest, key: str) -> Reply:
    actor, now = api_actor(), clock.now()
    found, side = load_spoken(number)
    words, ticket_id = Words(own_key(key), body.text, read_attachments(body.files)), found.row.id
    if side is Side.BUYER:
        _count(actor, key)

    def work(session: Session) -> None:
        claim(session, key, scope="ticket", about=[str(ticket_id)], body=body)
        if body.is_note and side is not Side.BUYER:
            write_note(session, ticket_id=ticket_id, side=side, words=words, actor=actor, now=now)
            return
        solves = body.solves and side is not Side.BUYER
        write_message(session, ticket_id=ticket_id, side=side, words=words, actor=actor, now=now, solves=solves)

    atomically(work)
    return Reply(as_detail(*load_spoken(number)), 201)


@operation(
    "POST",
    "/tickets/<string:number>/state",
    tag=TAG,
    summary="Solve, close or reopen a ticket",
    description="Without a word. A buyer says that it is solved; writing in it opens it again.",
    permission=Permission.TICKET_VIEW,
    body=TicketMove,
    body_example={"to": "solved"},
    answer=TicketDetail,
    example=examples.DETAIL,
    path_values={"number": NUMBER},
    refusals=(NotFoundError, TicketUnknownError, TicketWithMallError, MoveRefusedError(old="closed", new="solved")),
)
def move_own_ticket(number: str, body: TicketMove) -> TicketDetail:
    actor, now = api_actor(), clock.now()
    found, side = load_spoken(number)
    if side is Side.BUYER and body.to != "solved":
        raise MoveRefusedError(old=found.row.state, new=body.to)
    atomically(lambda s: move_ticket(s, ticket_id=found.row.id, side=side, state=body.to, actor=actor, now=now))
    return as_detail(*load_spoken(number))


@operation(
    "GET",
    "/tickets/<string:number>/files/<uuid:file_id>",
    tag=TAG,
    summary="Take a file of a ticket",
    permission=Permission.TICKET_VIEW,
    answer=None,
    answer_text="The file.",
    example="%PDF-1.7 …",
    files=tuple(kind.value for kind in FileKind),
    path_values={"number": NUMBER, "file_id": PathValue("The file's id.", {"type": "string", "format": "uuid"}, FILE)},
    refusals=(NotFoundError,),
)
def take_ticket_file(number: str, file_id: uuid.UUID) -> FileReply:
    found, side = load_spoken(number)
    with reading() as session:
        file = load_file(session, ticket_id=found.row.id, file_id=file_id, with_notes=side is not Side.BUYER)
    if file is None:
        raise NotFoundError
    return FileReply(file.content, file.kind, file.name, size=len(file.content))


def _count(actor: Actor, key: str) -> None:
    """Count what a buyer writes together with what he writes on the pages; what is sent twice counts once."""
    assert actor.user_id is not None
    act_of(actor.user_id, TALK, mark=own_key(key))


def load_spoken(number: str) -> tuple[Detail, Side]:
    """A ticket, and for whom the key's person speaks in it; one in which he has no say is not there."""
    actor = api_actor()
    with reading() as session:
        found = load_ticket(session, number=number.upper(), with_notes=True)
    if found is None:
        raise NotFoundError
    row = found.row
    if row.buyer_id == actor.user_id:
        said = tuple(one for one in found.messages if not one.is_internal)
        return Detail(row, found.thing, None, said, found.moves), Side.BUYER
    for side in (Side.STORE, Side.MALL):
        if speaks_for(actor, side, Permission.TICKET_VIEW, buyer_id=row.buyer_id, store_id=row.store_id):
            return found, side
    raise NotFoundError


def _as_ticket(row: TicketRow) -> Ticket:
    return Ticket(
        number=row.number,
        kind=row.kind,  # type: ignore[arg-type]  # The rules have these and no others.
        status=row.state,  # type: ignore[arg-type]  # The state machine has these and no others.
        order_number=row.order_number,
        about=row.about,
        answered_by="mall" if row.with_mall else "store",
        answer_due_at=row.answer_due_at,
        opened_at=row.opened_at,
        moved_at=row.moved_at,
    )


def as_detail(found: Detail, side: Side) -> TicketDetail:
    """A ticket as `side` reads it."""
    messages = [
        Message(
            side=one.side,  # type: ignore[arg-type]  # The table has these and no others.
            text=one.text,
            is_note=one.is_internal,
            files=[TicketFile(id=file.id, name=file.name, kind=file.kind, size=file.size) for file in one.files],
            at=one.at,
        )
        for one in found.messages
    ]
    return TicketDetail(
        ticket=_as_ticket(found.row),
        messages=messages,
        assignee_id=None if side is Side.BUYER else found.row.assignee_id,
        version=found.row.version,
    )
