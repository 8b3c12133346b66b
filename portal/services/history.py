"""Recorded moves of the state machines (ORD-12): every state can be reached again by reading them."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from portal.db import insert_rows
from portal.models import Transition
from portal.rules.permissions import Actor
from portal.rules.states import Machine, check_move
from portal.services.audit import label


@dataclass(frozen=True, slots=True)
class Move:
    """A move of one machine; `old` None is its beginning. `at` is given where it happened before it is recorded."""

    machine: Machine
    subject_id: uuid.UUID
    old: str | None
    new: str
    order_id: uuid.UUID | None = None
    reason: str | None = None
    at: datetime | None = None


def record_moves(session: Session, *moves: Move, actor: Actor, now: datetime) -> None:
    """Check and record moves; the caller writes the new states. Raises MoveRefusedError."""
    for move in moves:
        if move.old is not None:
            check_move(move.machine, move.old, move.new)
    insert_rows(
        session,
        Transition,
        [
            {
                "subject": move.machine.value,
                "subject_id": str(move.subject_id),
                "order_id": move.order_id,
                "from_state": move.old,
                "to_state": move.new,
                "actor": label(actor),
                "reason": move.reason,
                "at": move.at or now,
            }
            for move in moves
        ],
    )
