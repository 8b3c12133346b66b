"""More has come in than was booked of an attempt: it waits for somebody's decision (PAY-16)."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import text
from sqlalchemy.orm import Session

from portal.gateways.base import Approved
from portal.kit.ids import new_id
from portal.models import Surplus
from portal.rules.permissions import Actor
from portal.services.audit import AuditAction, Fact, record
from portal.services.outbox import Event, emit
from portal.services.payments.locked_payment import LockedPayment

# What is known of the attempt: what its payment took, or what came in where it was of no use; and what came besides.
_KNOWN = text(
    """
    SELECT coalesce(a.received_minor, p.amount_minor)
           + coalesce((SELECT sum(s.amount_minor) FROM surplus s WHERE s.attempt_id = a.id), 0)::bigint
      FROM payment_attempt a JOIN payment p ON p.id = a.payment_id
     WHERE a.id = :attempt_id AND (a.state = 'captured' OR a.reversal_ref LIKE 'deposit:%')
    """
)


def note_surplus(session: Session, *, locked: LockedPayment, outcome: Approved, actor: Actor, now: datetime) -> bool:
    """Write down what came in besides; False when there is nothing new. The attempt's lock is held."""
    if not outcome.captured or outcome.currency != locked.currency:
        return False
    known = session.execute(_KNOWN, {"attempt_id": locked.attempt_id}).scalar_one_or_none()
    if known is None or outcome.amount_minor <= known:
        return False
    surplus = Surplus(
        id=new_id(),
        attempt_id=locked.attempt_id,
        currency=outcome.currency,
        amount_minor=outcome.amount_minor - known,
        state="open",
        found_at=now,
    )
    session.add(surplus)
    session.flush()
    after = {"surplus": str(surplus.id), "amount_minor": surplus.amount_minor, "currency": surplus.currency}
    fact = Fact(AuditAction.PAYMENT_SURPLUS_FOUND, f"payment:{locked.payment_id}", after=after)
    record(session, fact, actor=actor, now=now)
    event = Event("payment.surplus_found", locked.subject, after, channel_id=locked.channel_id, priority="high")
    emit(session, event, now=now)
    return True
