"""A ticket is solved, closed or opened again by a person, without a word."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy.orm import Session

from portal.rules.permissions import Actor
from portal.rules.tickets import Side
from portal.services.tickets.lock_ticket import lock_ticket, refuse_changed, set_state, tell

# Which of them a page may ask for; the others follow from messages.
MOVES = ("solved", "reopened", "closed")


def move_ticket(
    session: Session,
    *,
    ticket_id: uuid.UUID,
    side: Side,
    state: str,
    actor: Actor,
    now: datetime,
    version: int | None = None,
) -> None:
    """Make a ticket `state`, one of MOVES. What it is already changes nothing.

    Raises TicketUnknownError, TicketWithMallError, TicketChangedError, MoveRefusedError.
    """
    assert state in MOVES
    ticket = lock_ticket(session, ticket_id=ticket_id, side=side, actor=actor)
    if ticket.state == state:
        return
    refuse_changed(ticket, version)
    set_state(session, ticket, state, actor=actor, now=now)
    tell(session, ticket, "moved", now=now, state=state, side=side.value)
