"""Disputes that somebody or something must look at: what the clock does for them (STR-05)."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, text, update
from sqlalchemy.orm import Session

from portal.models import Dispute
from portal.rules.disputes import REMIND_BEFORE, UNANSWERED
from portal.rules.permissions import SYSTEM
from portal.services.audit import AuditAction, Fact, record
from portal.services.disputes.settle_dispute import ASK_AGAIN_AFTER
from portal.services.outbox import Event, emit
from portal.services.payments.receive_webhook import DisputeToAsk

_DUE_SOON = text(
    """
    UPDATE dispute d SET reminded_at = :now
      FROM payment p LEFT JOIN orders o ON o.id = p.order_id
     WHERE d.id IN (SELECT id FROM dispute WHERE closed_at IS NULL AND status = ANY(:unanswered)
                       AND (answer IS NULL OR answer_state = 'refused')
                       AND answer_due_at <= :until AND reminded_at IS NULL
                     ORDER BY answer_due_at LIMIT :limit FOR UPDATE SKIP LOCKED)
       AND p.id = d.payment_id
    RETURNING d.id, d.answer_due_at, p.id AS payment_id, p.order_id, p.channel_id, o.number
    """
)


@dataclass(frozen=True, slots=True)
class DueDisputes:
    """What is due, by what must be done."""

    to_ask: list[uuid.UUID]
    to_send: list[uuid.UUID]


def disputes_due(session: Session, *, now: datetime, limit: int = 100) -> DueDisputes:
    """Open ones that no gateway has told of for a while, and answers that have not been sent."""
    asked = (
        select(Dispute.id)
        .where(Dispute.closed_at.is_(None), Dispute.asked_at <= now - ASK_AGAIN_AFTER)
        .where(Dispute.recorded_by.is_(None))
        .order_by(Dispute.asked_at)
        .limit(limit)
    )
    sent = (
        select(Dispute.id)
        .where(Dispute.answer_state == "wanted", Dispute.send_at <= now)
        .order_by(Dispute.send_at)
        .limit(limit)
    )
    return DueDisputes(list(session.scalars(asked)), list(session.scalars(sent)))


def dispute_to_ask(session: Session, *, dispute_id: uuid.UUID, now: datetime) -> DisputeToAsk | None:
    """Take a dispute for a look-up; None when another looks at it."""
    taken = session.execute(
        update(Dispute)
        .where(Dispute.id == dispute_id, Dispute.asked_at <= now - ASK_AGAIN_AFTER)
        .values(asked_at=now)
        .returning(Dispute.gateway, Dispute.gateway_account_id, Dispute.gateway_ref)
    ).one_or_none()
    return DisputeToAsk(taken.gateway, taken.gateway_account_id, taken.gateway_ref) if taken is not None else None


def known_disputes(session: Session, *, gateway: str, refs: Sequence[str]) -> frozenset[str]:
    """Which of a gateway's disputes are here: those are asked about by themselves."""
    found = select(Dispute.gateway_ref).where(Dispute.gateway == gateway, Dispute.gateway_ref.in_(refs))
    return frozenset(session.scalars(found))


def remind_of_disputes(session: Session, *, now: datetime, limit: int = 100) -> int:
    """Tell administrators, once, of each dispute whose last day for an answer has begun; returns how many."""
    values = {"now": now, "until": now + REMIND_BEFORE, "unanswered": list(UNANSWERED), "limit": limit}
    due = session.execute(_DUE_SOON, values).all()
    for row in due:
        after = {"answer_due_at": row.answer_due_at}
        record(session, Fact(AuditAction.DISPUTE_REMINDED, f"dispute:{row.id}", after=after), actor=SYSTEM, now=now)
        subject = f"order:{row.order_id}" if row.order_id else f"payment:{row.payment_id}"
        payload = {"dispute": str(row.id), "number": row.number}
        emit(session, Event("dispute.due", subject, payload, channel_id=row.channel_id), now=now)
    return len(due)
