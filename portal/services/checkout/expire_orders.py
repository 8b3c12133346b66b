"""Orders whose time is over: given up, unless their money may be under way (PAY-09)."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from portal.models import Order, Payment, PaymentAttempt
from portal.rules.permissions import SYSTEM
from portal.rules.states import Machine
from portal.services.history import Move, record_moves
from portal.services.payments.reverse_attempt import want_reversal
from portal.services.reservations.give_up_order import give_up_order

# The outcome is being asked for: the reservation lasts until it is known.
UNDER_WAY = ("claimed", "sent", "unknown")


def overdue_orders(session: Session, *, now: datetime, limit: int = 100) -> list[uuid.UUID]:
    """Pending orders whose reservation has run out and whose payment is not at a gateway just now."""
    under_way = exists().where(
        PaymentAttempt.payment_id == Payment.id,
        Payment.order_id == Order.id,
        PaymentAttempt.state.in_(UNDER_WAY),
    )
    return list(
        session.scalars(
            select(Order.id)
            .where(Order.status == "pending", Order.expires_at <= now, ~under_way)
            .order_by(Order.expires_at)
            .limit(limit)
        )
    )


def expire_order(session: Session, *, order_id: uuid.UUID, now: datetime) -> bool:
    """Give one order up; False when it was settled meanwhile. What is still open at the gateway is closed there."""
    attempts = session.execute(
        select(PaymentAttempt.id, PaymentAttempt.state, PaymentAttempt.gateway_ref)
        .join(Payment, Payment.id == PaymentAttempt.payment_id)
        .where(Payment.order_id == order_id)
        .with_for_update()
    ).all()
    if any(attempt.state in UNDER_WAY for attempt in attempts):
        return False
    if not give_up_order(session, order_id=order_id, status="expired", reason="time_over", actor=SYSTEM, now=now):
        return False
    for attempt in attempts:
        if attempt.state == "created":
            session.get_one(PaymentAttempt, attempt.id).state = "cancelled"
            record_moves(
                session,
                Move(Machine.ATTEMPT, attempt.id, "created", "cancelled", order_id, "time_over"),
                actor=SYSTEM,
                now=now,
            )
        elif attempt.state in {"requires_action", "pending", "authorised"} and attempt.gateway_ref:
            want_reversal(session, attempt_id=attempt.id, now=now)
    return True
