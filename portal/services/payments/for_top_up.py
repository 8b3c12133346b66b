"""A payment into somebody's own deposit (BAL-02): what was captured is credited, once."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from portal.rules.permissions import Actor
from portal.services.deposits.credit_top_up import credit_top_up
from portal.services.outbox import Event, emit
from portal.services.payments.locked_payment import LockedPayment


def use(session: Session, payment: LockedPayment, *, actor: Actor, now: datetime) -> None:
    """Credit it in the transaction that settles the payment; the entry's key is the payment."""
    credit_top_up(
        session,
        user_id=payment.user_id,
        gateway=payment.gateway,
        currency=payment.currency,
        amount_minor=payment.amount_minor,
        idem_key=f"payment:{payment.payment_id}",
        actor=actor,
        now=now,
        source={"payment": str(payment.payment_id), "attempt": str(payment.attempt_id)},
    )
    event = Event(
        "top_up.credited",
        payment.subject,
        {"amount_minor": payment.amount_minor, "currency": payment.currency},
        channel_id=payment.channel_id,
        profile_id=payment.user_id,
        dedup_key=f"top_up.credited:{payment.payment_id}",
        priority="high",
    )
    emit(session, event, now=now)
