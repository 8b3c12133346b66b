"""A payment that is no order's ends without its money: nothing was reserved for it, so nothing is given back."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, update
from sqlalchemy.orm import Session

from portal.models import Payment
from portal.rules.permissions import Actor
from portal.rules.states import Machine
from portal.services.audit import AuditAction, Fact, record
from portal.services.history import Move, record_moves
from portal.services.outbox import Event, emit
from portal.services.payments.locked_payment import LockedPayment

# A payment in one of these may still get its money.
OPEN = ("pending", "requires_action", "authorised")


def end_payment(
    session: Session, payment: LockedPayment, *, status: str, reason: str, actor: Actor, now: datetime
) -> None:
    """End it as `failed`, `cancelled` or `expired`; nothing changes where it has ended already."""
    ended = session.execute(
        update(Payment)
        .where(Payment.id == payment.payment_id, Payment.status.in_(OPEN))
        .values(status=status, completed_at=now)
        .returning(Payment.id)
    ).one_or_none()
    if ended is None:
        return
    move = Move(Machine.PAYMENT, payment.payment_id, payment.payment_status, status, None, reason)
    record_moves(session, move, actor=actor, now=now)
    after = {"status": status, "reason": reason}
    fact = Fact(AuditAction.PAYMENT_ENDED, f"payment:{payment.payment_id}", {"status": payment.payment_status}, after)
    record(session, fact, actor=actor, now=now)
    event = Event(
        f"{payment.purpose}.{status}",
        payment.subject,
        {"amount_minor": payment.amount_minor, "currency": payment.currency, "reason": reason},
        channel_id=payment.channel_id,
        profile_id=payment.user_id,
        priority="high",
    )
    emit(session, event, now=now)


def keep_payment(session: Session, payment: LockedPayment, *, until: datetime) -> None:
    """Wait for its money until then at least."""
    session.execute(
        update(Payment)
        .where(Payment.id == payment.payment_id, Payment.status.in_(OPEN))
        .values(expires_at=func.greatest(Payment.expires_at, until))
    )
