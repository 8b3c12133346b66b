"""Held payments whose end is near: taken where that is allowed, otherwise people hear of it, once (PAY-07)."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from portal.models import Order, Payment, PaymentAttempt
from portal.rules.capture import END_IS_NEAR, Ending, at_end
from portal.rules.permissions import SYSTEM
from portal.services.outbox import Event, emit
from portal.services.payments.find_due import IS_HELD
from portal.services.payments.take_later import want_capture


def ending_holds(session: Session, *, now: datetime, limit: int = 200) -> list[uuid.UUID]:
    """Payments of orders that go on, whose hold ends within a day or has ended, and about which something may be done.

    What was told of and what is being taken is left alone.
    """
    return list(
        session.scalars(
            select(Payment.id)
            .join(Order, Order.id == Payment.order_id)
            .where(
                Payment.status == "authorised",
                Payment.held_until <= now + END_IS_NEAR,
                Payment.end_told_at.is_(None),
                Order.status != "pending",
            )
            .order_by(Payment.held_until)
            .limit(limit)
        )
    )


def over_holds(session: Session, *, now: datetime, limit: int = 200) -> list[uuid.UUID]:
    """Attempts whose hold has ended by our count: the gateway is asked what it still holds, once an hour."""
    return list(
        session.scalars(
            select(PaymentAttempt.id)
            .join(Payment, Payment.id == PaymentAttempt.payment_id)
            .where(
                Payment.status == "authorised",
                Payment.held_until <= now,
                PaymentAttempt.state == "authorised",
                PaymentAttempt.reversal.is_(None),
            )
            .order_by(Payment.held_until)
            .limit(limit)
        )
    )


def tend_hold(session: Session, *, payment_id: uuid.UUID, now: datetime) -> Ending:
    """Do what the end of a hold asks for; says what that was."""
    row = session.execute(
        select(
            Payment.order_id,
            Payment.capture_on,
            Payment.held_until,
            Payment.capture_wanted,
            Payment.end_told_at,
            Payment.channel_id,
            Payment.user_id,
            Order.number,
            IS_HELD.label("is_stopped"),
        )
        .join(Order, Order.id == Payment.order_id)
        .where(Payment.id == payment_id, Payment.status == "authorised", Payment.held_until.is_not(None))
        .with_for_update(of=Payment)
    ).one_or_none()
    if row is None or row.order_id is None:
        return Ending.NOTHING
    ending = at_end(
        row.capture_on,
        held_until=row.held_until,
        is_wanted=row.capture_wanted,
        is_stopped=row.is_stopped,
        is_told=row.end_told_at is not None,
        now=now,
    )
    if ending is Ending.CAPTURE:
        want_capture(session, order_id=row.order_id, reason="hold_ends", actor=SYSTEM, now=now)
    elif ending is Ending.TELL:
        session.execute(update(Payment).where(Payment.id == payment_id).values(end_told_at=now))
        event = Event(
            "payment.hold_ending",
            f"order:{row.order_id}",
            {"number": row.number, "payment": str(payment_id)},
            channel_id=row.channel_id,
            profile_id=row.user_id,
        )
        emit(session, event, now=now)
    return ending
