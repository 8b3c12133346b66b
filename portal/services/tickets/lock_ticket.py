"""Take a ticket to change it: whose it is, in which part one acts, and whether it is as it was shown."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.kit.errors import PortalError
from portal.kit.text import N_
from portal.models import Ticket
from portal.rules.permissions import Actor, Permission, Scope, may, scopes_of
from portal.rules.states import Machine
from portal.rules.tickets import Side, due_after
from portal.services.audit import AuditAction, Fact, record
from portal.services.history import Move, record_moves
from portal.services.outbox import Event, emit


class TicketUnknownError(PortalError):
    """There is no such ticket, or it is somebody else's: one answer for both."""

    code = "ticket_unknown"
    status = 404
    sentence = N_("There is no such ticket.")


class TicketChangedError(PortalError):
    """Somebody wrote or changed it since it was shown."""

    code = "ticket_changed"
    status = 409
    sentence = N_("This ticket was changed meanwhile. Read what is new, then send again; nothing was changed by you.")


class TicketWithMallError(PortalError):
    code = "ticket_with_mall"
    status = 409
    sentence = N_("The mall answers this ticket now. Your notes reach it.")


def lock_ticket(
    session: Session,
    *,
    ticket_id: uuid.UUID,
    side: Side,
    actor: Actor,
    only_notes: bool = False,
) -> Ticket:
    """Lock a ticket in which the actor speaks for `side`.

    A store goes on making notes (`only_notes`) where the mall answers. Raises TicketUnknownError, TicketWithMallError.
    """
    ticket = session.execute(select(Ticket).where(Ticket.id == ticket_id).with_for_update()).scalar_one_or_none()
    if ticket is None or not speaks_for(
        actor, side, Permission.TICKET_ANSWER, buyer_id=ticket.buyer_id, store_id=ticket.store_id
    ):
        raise TicketUnknownError
    if side is Side.STORE and ticket.with_mall and not only_notes:
        raise TicketWithMallError
    return ticket


def refuse_changed(ticket: Ticket, version: int | None) -> None:
    """Raises TicketChangedError where the row version that was shown is not that of the locked ticket any more."""
    if version is not None and version != ticket.version:
        raise TicketChangedError


def speaks_for(actor: Actor, side: Side, permission: Permission, *, buyer_id: uuid.UUID, store_id: int | None) -> bool:
    """Whether the actor may speak for `side` about a ticket of this buyer and store; buyers for their own only."""
    if side is Side.BUYER:
        return actor.user_id == buyer_id and may(actor, Permission.TICKET_WRITE, owner_id=buyer_id)
    if side is Side.STORE:
        return store_id is not None and store_id in actor.store_ids and may(actor, permission, store_id=store_id)
    return Scope.ALL in scopes_of(actor, permission)


def set_state(session: Session, ticket: Ticket, state: str, *, actor: Actor, now: datetime) -> None:
    """Move a locked ticket; its time runs, or stops, as the new state wants it. Raises MoveRefusedError."""
    if state != ticket.state:
        move = Move(Machine.TICKET, ticket.id, ticket.state, state, ticket.order_id)
        record_moves(session, move, actor=actor, now=now)
        before, after = {"state": ticket.state}, {"state": state}
        fact = Fact(AuditAction.TICKET_MOVED, f"ticket:{ticket.id}", before=before, after=after)
        record(session, fact, actor=actor, now=now)
        ticket.state = state
    due_at = due_after(state, ticket.answer_due_at, now=now)
    if due_at != ticket.answer_due_at:
        ticket.answer_due_at, ticket.warned_at, ticket.missed_at = due_at, None, None
    ticket.moved_at = now
    ticket.version += 1
    session.flush()


def tell(session: Session, ticket: Ticket, kind: str, *, now: datetime, **more: object) -> None:
    """Write the event `ticket.KIND`; the buyer's open pages hear of what concerns him."""
    is_private = kind in {"noted", "given", "passed"}
    emit(
        session,
        Event(
            f"ticket.{kind}",
            f"ticket:{ticket.id}",
            {
                "ticket": str(ticket.id),
                "number": ticket.number,
                "store": None if ticket.store_id is None else str(ticket.store_id),
                **more,
            },
            channel_id=ticket.channel_id,
            profile_id=None if is_private else ticket.buyer_id,
            priority="high",
        ),
        now=now,
    )
