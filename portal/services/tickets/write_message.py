"""Somebody says something in a ticket: the buyer, the store or the mall; or makes a note for colleagues."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy.orm import Session

from portal.rules.permissions import Actor
from portal.rules.tickets import Side, TicketClosedError, state_after
from portal.services.audit import AuditAction, Fact, record
from portal.services.tickets.keep_message import Words, check_key, is_known, keep_message
from portal.services.tickets.lock_ticket import lock_ticket, refuse_changed, set_state, tell


def write_message(
    session: Session,
    *,
    ticket_id: uuid.UUID,
    side: Side,
    words: Words,
    actor: Actor,
    now: datetime,
    version: int | None = None,
    solves: bool = False,
) -> None:
    """Say it to the other side; with `solves` an answer says that the matter is solved. Sent twice it is said once.

    Raises TicketUnknownError, TicketWithMallError, TicketChangedError, TicketClosedError, MessageEmptyError,
    MessageTooLongError, IdempotencyKeyMissingError.
    """
    ticket = lock_ticket(session, ticket_id=ticket_id, side=side, actor=actor)
    if is_known(session, ticket_id=ticket_id, key=check_key(words.key)):
        return
    refuse_changed(ticket, version)
    state = state_after(ticket.state, side, solves=solves)
    message_id = keep_message(
        session, ticket_id=ticket_id, side=side, words=words, is_internal=False, actor=actor, now=now
    )
    set_state(session, ticket, state, actor=actor, now=now)
    _note(session, ticket_id, message_id, side, len(words.files), actor, now)
    tell(session, ticket, "written" if side is Side.BUYER else "answered", now=now, message=str(message_id))


def write_note(
    session: Session, *, ticket_id: uuid.UUID, side: Side, words: Words, actor: Actor, now: datetime
) -> None:
    """Keep a note for colleagues; it moves nothing, and its store and the mall read it. Raises as write_message()."""
    ticket = lock_ticket(session, ticket_id=ticket_id, side=side, actor=actor, only_notes=True)
    if side is Side.BUYER or ticket.state == "closed":
        raise TicketClosedError
    if is_known(session, ticket_id=ticket_id, key=check_key(words.key)):
        return
    message_id = keep_message(
        session, ticket_id=ticket_id, side=side, words=words, is_internal=True, actor=actor, now=now
    )
    _note(session, ticket_id, message_id, side, len(words.files), actor, now)
    tell(session, ticket, "noted", now=now)


def _note(
    session: Session,
    ticket_id: uuid.UUID,
    message_id: uuid.UUID,
    side: Side,
    files: int,
    actor: Actor,
    now: datetime,
) -> None:
    after = {"message": str(message_id), "side": side.value, "files": files}
    record(session, Fact(AuditAction.TICKET_WRITTEN, f"ticket:{ticket_id}", after=after), actor=actor, now=now)
