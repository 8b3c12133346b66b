"""A buyer opens a ticket: to the store that its thing concerns, or to the mall."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.db import insert_rows
from portal.kit.ids import new_id, new_number
from portal.models import Ticket
from portal.queries.ticket_things import Thing, find_thing
from portal.rules.deadlines import answer_by
from portal.rules.permissions import Actor, Permission, may
from portal.rules.states import Machine, states
from portal.rules.tickets import FOR_THE_MALL, AboutUnknownError, Side, read_about, read_kind
from portal.services.audit import AuditAction, Fact, record
from portal.services.history import Move, record_moves
from portal.services.outbox import Event, emit
from portal.services.tickets.keep_message import Words, check_key, keep_message
from portal.services.tickets.lock_ticket import TicketUnknownError


@dataclass(frozen=True, slots=True)
class Matter:
    """What is typed into the form: a kind, what it is about (`kind:ID` or nothing), and the first message."""

    kind: str
    about: str
    words: Words


def open_ticket(session: Session, *, matter: Matter, actor: Actor, channel_id: int, locale: str, now: datetime) -> str:
    """Open a ticket and return its number; the same form sent twice opens one.

    Raises TicketKindError, AboutUnknownError, MessageEmptyError, MessageTooLongError, IdempotencyKeyMissingError,
    TicketUnknownError for somebody who may not write.
    """
    if actor.user_id is None or not may(actor, Permission.TICKET_WRITE, owner_id=actor.user_id):
        raise TicketUnknownError
    kind, key = read_kind(matter.kind), check_key(matter.words.key)
    known: str | None = session.scalar(select(Ticket.number).where(Ticket.buyer_id == actor.user_id, Ticket.key == key))
    if known is not None:
        return known
    thing = _own_thing(session, matter.about, actor.user_id)
    store_id = thing.store_id if thing is not None and kind not in FOR_THE_MALL else None
    ticket_id, number, first = new_id(), new_number("T"), states(Machine.TICKET)[0]
    order_id = thing.order_id if thing else None
    row = {
        "id": ticket_id,
        "number": number,
        "buyer_id": actor.user_id,
        "store_id": store_id,
        "with_mall": store_id is None,
        "channel_id": thing.channel_id if thing else channel_id,
        "locale": locale,
        "kind": kind.value,
        "about": str(thing.about) if thing else None,
        "order_id": order_id,
        "state": first,
        "answer_due_at": answer_by(now),
        "opened_at": now,
        "moved_at": now,
        "key": key,
    }
    insert_rows(session, Ticket, [row])
    keep_message(
        session, ticket_id=ticket_id, side=Side.BUYER, words=matter.words, is_internal=False, actor=actor, now=now
    )
    record_moves(session, Move(Machine.TICKET, ticket_id, None, first, order_id), actor=actor, now=now)
    after = {"number": number, "kind": kind.value, "about": row["about"], "store": store_id}
    record(session, Fact(AuditAction.TICKET_OPENED, f"ticket:{ticket_id}", after=after), actor=actor, now=now)
    emit(session, _opened(ticket_id, number, store_id, row["channel_id"], actor.user_id), now=now)
    return number


def _own_thing(session: Session, text: str, buyer_id: uuid.UUID) -> Thing | None:
    about = read_about(text)
    if about is None:
        return None
    thing = find_thing(session, about=about)
    if thing is None or thing.buyer_id != buyer_id:
        raise AboutUnknownError
    return thing


def _opened(ticket_id: uuid.UUID, number: str, store_id: int | None, channel_id: object, buyer_id: uuid.UUID) -> Event:
    return Event(
        "ticket.opened",
        f"ticket:{ticket_id}",
        {"ticket": str(ticket_id), "number": number, "store": None if store_id is None else str(store_id)},
        channel_id=channel_id if isinstance(channel_id, int) else None,
        profile_id=buyer_id,
        priority="high",
    )
