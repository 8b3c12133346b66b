"""What a gateway holds for an order that goes on: taken when the goods leave, let go of before, or lost (PAY-07)."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta

from sqlalchemy import text, update
from sqlalchemy.orm import Session

from portal.models import Payment, Tender
from portal.rules.gateway_posting import order_captured
from portal.rules.permissions import Actor
from portal.rules.posting import EntryKind
from portal.rules.states import Machine
from portal.services.audit import AuditAction, Fact, record
from portal.services.history import Move, record_moves
from portal.services.ledger.post import post
from portal.services.outbox import Event, emit
from portal.services.payments.locked_payment import LockedPayment
from portal.services.payments.reverse_attempt import want_reversal

_WANT = text(
    """
    WITH wanted AS (
        UPDATE payment p SET capture_wanted = true
          FROM orders o
         WHERE p.order_id = :order_id AND o.id = p.order_id AND o.status <> 'pending' AND p.status = 'authorised'
           AND NOT p.capture_wanted
        RETURNING p.id, p.order_id, p.channel_id, p.user_id, o.number
    ), due AS (
        UPDATE payment_attempt a SET due_at = :now FROM wanted
         WHERE a.payment_id = wanted.id AND a.state = 'authorised' AND a.reversal IS NULL
        RETURNING a.id, a.payment_id
    )
    SELECT wanted.*, due.id AS attempt_id FROM wanted JOIN due ON due.payment_id = wanted.id
    """
)
_HELD = text(
    """
    SELECT p.id, p.status, t.amount_minor = t.released_minor AS is_over,
           (SELECT a.id FROM payment_attempt a WHERE a.payment_id = p.id AND a.state = 'authorised'
               AND a.reversal IS NULL) AS attempt_id
      FROM payment p JOIN tender t ON t.id = p.tender_id
     WHERE p.order_id = :order_id AND p.status = 'authorised'
    """
)


def note_held(session: Session, payment: LockedPayment, *, lasts: timedelta, now: datetime) -> None:
    """The gateway holds the amount so long."""
    session.execute(update(Payment).where(Payment.id == payment.payment_id).values(held_until=now + lasts))


def want_capture(session: Session, *, order_id: uuid.UUID, reason: str, actor: Actor, now: datetime) -> bool:
    """Have taken what is held for an order that goes on, once; False when nothing is, or it was wanted before.

    An open hold on one of its parts keeps the capture waiting; it follows when the last has ended (FRD-08).
    """
    row = session.execute(_WANT, {"order_id": order_id, "now": now}).one_or_none()
    if row is None:
        return False
    fact = Fact(AuditAction.PAYMENT_CAPTURE_WANTED, f"payment:{row.id}", after={"reason": reason})
    record(session, fact, actor=actor, now=now)
    event = Event(
        "payment.capture_wanted",
        f"order:{order_id}",
        {"number": row.number, "attempt": str(row.attempt_id)},
        channel_id=row.channel_id,
        profile_id=row.user_id,
        priority="high",
    )
    emit(session, event, now=now)
    return True


def note_taken(session: Session, payment: LockedPayment, *, now: datetime) -> None:
    """What was held for an order has been taken: its books and its tender say so."""
    assert payment.order_id is not None
    session.execute(
        update(Tender)
        .where(Tender.id == payment.tender_id)
        .values(status="captured", captured_minor=payment.to_take_minor, updated_at=now)
    )
    post(
        session,
        kind=EntryKind.ORDER_CAPTURED,
        idem_key=f"order_captured:{payment.order_id}",
        lines=order_captured(gateway=payment.gateway, currency=payment.currency, amount_minor=payment.to_take_minor),
        now=now,
        order_id=payment.order_id,
    )
    _tell(session, payment, "payment.taken", now)


def end_hold(session: Session, *, order_id: uuid.UUID, actor: Actor, now: datetime) -> None:
    """Void what is held for an order of which nothing is wanted any more; nothing happens while something is.

    The caller holds the locks of the payment and its order.
    """
    held = session.execute(_HELD, {"order_id": order_id}).one_or_none()
    if held is None or not held.is_over:
        return
    session.execute(update(Payment).where(Payment.id == held.id).values(status="cancelled", completed_at=now))
    session.execute(
        update(Tender).where(Tender.order_id == order_id, Tender.type == "gateway").values(status="released")
    )
    record_moves(session, Move(Machine.PAYMENT, held.id, held.status, "cancelled", order_id), actor=actor, now=now)
    if held.attempt_id is not None:
        want_reversal(session, attempt_id=held.attempt_id, now=now)
        event = Event("payment.reversal_wanted", f"order:{order_id}", {"attempt": str(held.attempt_id)})
        emit(session, event, now=now)


def lose_hold(
    session: Session, payment: LockedPayment, *, status: str, reason: str, actor: Actor, now: datetime
) -> None:
    """The gateway holds nothing any more of an order that goes on: people must decide what becomes of it."""
    session.execute(update(Payment).where(Payment.id == payment.payment_id).values(status=status, completed_at=now))
    move = Move(Machine.PAYMENT, payment.payment_id, payment.payment_status, status, payment.order_id, reason)
    record_moves(session, move, actor=actor, now=now)
    after = {"status": status, "reason": reason}
    fact = Fact(AuditAction.PAYMENT_ENDED, f"payment:{payment.payment_id}", {"status": payment.payment_status}, after)
    record(session, fact, actor=actor, now=now)
    _tell(session, payment, "payment.hold_lost", now)


def _tell(session: Session, payment: LockedPayment, kind: str, now: datetime) -> None:
    event = Event(
        kind,
        payment.subject,
        {"number": payment.number, "attempt": str(payment.attempt_id)},
        channel_id=payment.channel_id,
        profile_id=payment.user_id,
        priority="high",
    )
    emit(session, event, now=now)
