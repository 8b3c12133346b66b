"""A call whose outcome is not known: said honestly, and asked about until it is (PAY-06)."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta

from sqlalchemy import Row, func, select, update
from sqlalchemy.orm import Session, aliased

from portal.models import Payment, PaymentAttempt
from portal.rules.permissions import SYSTEM
from portal.rules.states import Machine
from portal.services.audit import AuditAction, Fact, record
from portal.services.history import Move, record_moves
from portal.services.outbox import Event, emit
from portal.services.payments.fail_over import SENDS_MAX
from portal.services.payments.locked_payment import subject_of

# After the call that failed, then after each look-up that could not tell; the last one repeats.
ASK_AFTER = (
    timedelta(seconds=5),
    timedelta(seconds=30),
    timedelta(minutes=5),
    timedelta(hours=1),
    timedelta(days=1),
)
RETRY_AFTER = (timedelta(seconds=1), timedelta(seconds=4))


def note_unknown(session: Session, *, attempt_id: uuid.UUID, reason: str, now: datetime) -> None:
    """The gateway may have executed the call. Nothing is sent again before it was asked."""
    row = _lock(session, attempt_id)
    if row.state not in {"sent", "unknown", "requires_action", "pending"}:
        return
    # Of all calls those that were to charge are no look-ups: one that was sent twice is still asked about at once.
    asked = min(max(row.calls - max(row.sends, 1), 0), len(ASK_AFTER) - 1)
    session.execute(
        update(PaymentAttempt)
        .where(PaymentAttempt.id == attempt_id)
        .values(state="unknown", reason=reason, due_at=now + ASK_AFTER[asked], calls=PaymentAttempt.calls + 1)
    )
    if row.state == "unknown":
        return
    record_moves(
        session, Move(Machine.ATTEMPT, attempt_id, row.state, "unknown", row.order_id, reason), actor=SYSTEM, now=now
    )
    fact = Fact(AuditAction.PAYMENT_UNKNOWN, f"payment:{row.payment_id}", {"state": row.state}, {"reason": reason})
    record(session, fact, actor=SYSTEM, now=now)
    event = Event(
        "payment.unknown",
        subject_of(row.payment_id, row.order_id),
        {"attempt": str(attempt_id)},
        channel_id=row.channel_id,
        profile_id=row.user_id,
        priority="high",
    )
    emit(session, event, now=now)


def note_not_sent(session: Session, *, attempt_id: uuid.UUID, reason: str, now: datetime) -> bool:
    """The call certainly did not execute: it may be sent again a little later. False when it was tried often enough."""
    row = _lock(session, attempt_id)
    if row.state != "sent":
        return True
    if row.sends_in_all >= SENDS_MAX:
        return False
    delay = RETRY_AFTER[min(row.sends, len(RETRY_AFTER)) - 1]
    # Not all at the same moment: what one gateway refused comes back spread over half as long again.
    delay += delay * (attempt_id.int % 50) // 100
    # The attempt is where it was before the call; the moves say that it was sent and came back.
    session.execute(
        update(PaymentAttempt)
        .where(PaymentAttempt.id == attempt_id)
        .values(state="created", reason=reason, due_at=now + delay)
    )
    record_moves(
        session, Move(Machine.ATTEMPT, attempt_id, "sent", "created", row.order_id, reason), actor=SYSTEM, now=now
    )
    return True


_any = aliased(PaymentAttempt)
_sends_in_all = select(func.sum(_any.sends)).where(_any.payment_id == Payment.id).correlate(Payment).scalar_subquery()


def _lock(
    session: Session, attempt_id: uuid.UUID
) -> Row[str, int, int, int, uuid.UUID, uuid.UUID | None, uuid.UUID, int]:
    return session.execute(
        select(
            PaymentAttempt.state,
            PaymentAttempt.calls,
            PaymentAttempt.sends,
            _sends_in_all.label("sends_in_all"),
            Payment.id.label("payment_id"),
            Payment.order_id,
            Payment.user_id,
            Payment.channel_id,
        )
        .join(Payment, Payment.id == PaymentAttempt.payment_id)
        .where(PaymentAttempt.id == attempt_id)
        .with_for_update(of=(PaymentAttempt, Payment))
    ).one()
