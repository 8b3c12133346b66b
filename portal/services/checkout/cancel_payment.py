"""A payment that is no order's is given up by its owner, or its time is over."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import exists, select, update
from sqlalchemy.orm import Session

from portal.kit.errors import PortalError
from portal.kit.text import N_
from portal.models import Payment, PaymentAttempt
from portal.rules.permissions import SYSTEM, Actor
from portal.rules.purposes import PaymentPurpose
from portal.rules.states import Machine
from portal.services.checkout.cancel_pending_order import TO_VOID
from portal.services.checkout.expire_orders import UNDER_WAY
from portal.services.history import Move, record_moves
from portal.services.payments.end_payment import OPEN
from portal.services.payments.lock_attempt import lock_attempt
from portal.services.payments.purposes import PURPOSES
from portal.services.payments.reverse_attempt import want_reversal


class PaymentUnknownError(PortalError):
    """There is no such payment, or it is somebody else's, or an order's."""

    code = "not_found"
    status = 404
    sentence = N_("This page or record does not exist.")


class PaymentNotPendingError(PortalError):
    """The money came, or the payment ended, meanwhile."""

    code = "payment_not_pending"
    status = 409
    sentence = N_("This payment is no longer waiting for its money. Look at it again.")


def cancel_payment(session: Session, *, actor: Actor, payment_id: uuid.UUID, now: datetime) -> tuple[uuid.UUID, ...]:
    """End the actor's own open payment as cancelled; returns the attempts whose hold at a gateway is to be voided.

    What is being sent just now is left to its worker: money that still comes goes back by itself. Raises
    PaymentUnknownError and PaymentNotPendingError.
    """
    known = select(Payment.id).where(
        Payment.id == payment_id, Payment.user_id == actor.user_id, Payment.purpose != PaymentPurpose.ORDER
    )
    if actor.user_id is None or session.execute(known).one_or_none() is None:
        raise PaymentUnknownError
    attempts = _attempts(session, payment_id)
    to_void = _end(session, attempts, status="cancelled", reason="cancelled_by_buyer", actor=actor, now=now)
    if to_void is None:
        raise PaymentNotPendingError
    return to_void


def overdue_payments(session: Session, *, now: datetime, limit: int = 100) -> list[uuid.UUID]:
    """Open payments whose time is over and whose outcome is not being asked for just now."""
    under_way = exists().where(PaymentAttempt.payment_id == Payment.id, PaymentAttempt.state.in_(UNDER_WAY))
    return list(
        session.scalars(
            select(Payment.id)
            .where(Payment.expires_at <= now, Payment.status.in_(OPEN), ~under_way)
            .order_by(Payment.expires_at)
            .limit(limit)
        )
    )


def expire_payment(session: Session, *, payment_id: uuid.UUID, now: datetime) -> bool:
    """End one whose time is over; False when it was settled, or goes on, meanwhile."""
    attempts = _attempts(session, payment_id)
    is_over = select(Payment.id).where(Payment.id == payment_id, Payment.expires_at <= now)
    if any(state in UNDER_WAY for _id, state in attempts) or session.execute(is_over).one_or_none() is None:
        return False
    return _end(session, attempts, status="expired", reason="time_over", actor=SYSTEM, now=now) is not None


def _attempts(session: Session, payment_id: uuid.UUID) -> list[tuple[uuid.UUID, str]]:
    """Attempts and payment under lock, as settling takes them."""
    rows = session.execute(
        select(PaymentAttempt.id, PaymentAttempt.state)
        .join(Payment, Payment.id == PaymentAttempt.payment_id)
        .where(Payment.id == payment_id)
        .order_by(PaymentAttempt.n)
        .with_for_update()
    ).all()
    return [(row.id, row.state) for row in rows]


def _end(
    session: Session,
    attempts: list[tuple[uuid.UUID, str]],
    *,
    status: str,
    reason: str,
    actor: Actor,
    now: datetime,
) -> tuple[uuid.UUID, ...] | None:
    """The payment and what of its attempts is open; None when it is not open any more."""
    locked = lock_attempt(session, attempts[-1][0])
    if locked.payment_status not in OPEN:
        return None
    PURPOSES[locked.purpose].give_up(session, locked, status=status, reason=reason, actor=actor, now=now)
    unsent = [attempt_id for attempt_id, state in attempts if state == "created"]
    session.execute(
        update(PaymentAttempt)
        .where(PaymentAttempt.id.in_(unsent))
        .values(state="cancelled", reason=reason, answered_at=now, source=None)
    )
    moves = [Move(Machine.ATTEMPT, one, "created", "cancelled", None, reason) for one in unsent]
    record_moves(session, *moves, actor=actor, now=now)
    to_void = tuple(attempt_id for attempt_id, state in attempts if state in TO_VOID)
    for attempt_id in to_void:
        want_reversal(session, attempt_id=attempt_id, now=now)
    return to_void
