"""Answers that are due: near ones are warned of, missed ones told to the mall, each once. What is over is closed."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, select, text
from sqlalchemy.orm import Session

from portal.models import Ticket
from portal.rules.deadlines import WARN_BEFORE
from portal.rules.permissions import SYSTEM
from portal.rules.tickets import SILENT_AFTER
from portal.services.audit import AuditAction, Fact, record
from portal.services.outbox import Event, emit
from portal.services.tickets.lock_ticket import set_state, tell

_DUE = """
    UPDATE ticket SET {mark} = :now
     WHERE id IN (SELECT id FROM ticket WHERE answer_due_at <= :until AND {mark} IS NULL AND missed_at IS NULL
                   ORDER BY answer_due_at LIMIT 200 FOR UPDATE SKIP LOCKED)
    RETURNING id, CASE WHEN with_mall THEN NULL ELSE store_id END AS store_id
"""
_MISSED = text(_DUE.format(mark="missed_at"))
_NEAR = text(_DUE.format(mark="warned_at"))


def watch_answers(session: Session, *, now: datetime) -> int:
    """Note answers that are near or missed, and tell of them: one event for each store (or the mall). How many."""
    missed = session.execute(_MISSED, {"now": now, "until": now}).all()
    near = session.execute(_NEAR, {"now": now, "until": now + WARN_BEFORE}).all()
    facts = [Fact(AuditAction.TICKET_ESCALATED, f"ticket:{row.id}", after={"store": row.store_id}) for row in missed]
    if facts:
        record(session, *facts, actor=SYSTEM, now=now)
    emit(session, *_events("ticket.answers_late", missed), *_events("ticket.answers_near", near), now=now)
    return len(missed) + len(near)


def silent_tickets(session: Session, *, now: datetime, limit: int = 100) -> list[uuid.UUID]:
    """Tickets that nobody has touched for so long that they are over."""
    statement = select(Ticket.id).where(
        Ticket.state.in_(["waiting_buyer", "solved"]), Ticket.moved_at <= now - SILENT_AFTER
    )
    return list(session.scalars(statement.order_by(Ticket.moved_at).limit(limit)))


def end_silent(session: Session, *, ticket_id: uuid.UUID, now: datetime) -> None:
    """What was answered long ago is taken for solved, what was solved long ago is closed. Safe to run twice."""
    statement = select(Ticket).where(
        Ticket.id == ticket_id, Ticket.state.in_(["waiting_buyer", "solved"]), Ticket.moved_at <= now - SILENT_AFTER
    )
    ticket = session.execute(statement.with_for_update(skip_locked=True)).scalar_one_or_none()
    if ticket is None:
        return
    state = "solved" if ticket.state == "waiting_buyer" else "closed"
    set_state(session, ticket, state, actor=SYSTEM, now=now)
    tell(session, ticket, "moved", now=now, state=state, side="system")


def _events(kind: str, rows: Sequence[Row[Any]]) -> list[Event]:
    counted = Counter(row.store_id for row in rows)
    return [
        Event(
            kind,
            f"store:{store_id}" if store_id is not None else "mall:tickets",
            {"store": None if store_id is None else str(store_id), "count": count},
        )
        for store_id, count in counted.items()
    ]
