"""Refunds that are not complete within a working day are somebody's business (REF-09)."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import text
from sqlalchemy.orm import Session

from portal.rules.permissions import SYSTEM
from portal.services.audit import AuditAction, Fact, record
from portal.services.outbox import Event, emit

_LATE = text(
    """
    UPDATE refund f SET escalated_at = :now
      FROM orders o
     WHERE f.id IN (SELECT id FROM refund WHERE completed_at IS NULL AND due_at <= :now AND escalated_at IS NULL
                     ORDER BY due_at LIMIT :limit FOR UPDATE SKIP LOCKED)
       AND o.id = f.order_id
    RETURNING f.id, f.status, o.id AS order_id, o.number, o.channel_id
    """
)


def escalate_late(session: Session, *, now: datetime, limit: int = 100) -> int:
    """Tell administrators of each late refund, once; returns how many."""
    late = session.execute(_LATE, {"now": now, "limit": limit}).all()
    facts = [Fact(AuditAction.REFUND_ESCALATED, f"refund:{row.id}", after={"status": row.status}) for row in late]
    record(session, *facts, actor=SYSTEM, now=now)
    events = [
        Event(
            "refund.late",
            f"order:{row.order_id}",
            {"refund": str(row.id), "number": row.number},
            channel_id=row.channel_id,
        )
        for row in late
    ]
    if events:
        emit(session, *events, now=now)
    return len(late)
