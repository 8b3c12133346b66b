"""The one place where what a gateway says of a dispute becomes ours: for notice, answer and sweep alike (STR-05)."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, select, text
from sqlalchemy.orm import Session

from portal.gateways.base import DisputeNotice
from portal.kit.ids import new_id
from portal.models import Dispute
from portal.rules.disputes import OPEN, UNANSWERED, bearer_of, booked_hold
from portal.rules.permissions import Actor
from portal.rules.states import Machine, may_move
from portal.services.audit import AuditAction, Fact, record
from portal.services.disputes.book_dispute import book_dispute
from portal.services.history import Move, record_moves
from portal.services.outbox import Event, emit
from portal.services.refunds.locks import lock_order

# An open dispute is asked about again after this, should its notices be lost.
ASK_AGAIN_AFTER = timedelta(hours=1)
# Where a gateway does not say until when an answer is taken: the shortest time that card networks give.
ANSWER_WITHIN = timedelta(days=7)

_PAYMENT = text(
    """
    SELECT p.id, p.order_id FROM payment_attempt a JOIN payment p ON p.id = a.payment_id
     WHERE a.gateway = :gateway AND a.gateway_ref = :ref AND a.state = 'captured' AND p.captured_minor > 0
    """
)
_LOCK = text(
    """
    SELECT p.id, p.status, p.user_id, p.channel_id, p.currency, p.order_id, o.number
      FROM payment p LEFT JOIN orders o ON o.id = p.order_id WHERE p.id = :id FOR UPDATE OF p
    """
)
# What of a payment is neither refunded nor held for another dispute.
_FREE = text(
    """
    SELECT (p.captured_minor - p.refunded_minor - coalesce((SELECT sum(d.held_minor) FROM dispute d
             WHERE d.payment_id = p.id AND d.id <> :dispute_id), 0))::bigint
      FROM payment p WHERE p.id = :id
    """
)
_STANDING = text(
    """
    SELECT CASE WHEN bool_or(held_minor > 0 AND status = ANY(:open)) THEN 'disputed'
                WHEN bool_or(status = 'lost') THEN 'dispute_lost'
                WHEN bool_or(status = 'won') THEN 'dispute_won' END
      FROM dispute WHERE payment_id = :id
    """
)


def settle_dispute(
    session: Session,
    *,
    gateway: str,
    gateway_account_id: int,
    notice: DisputeNotice,
    actor: Actor,
    now: datetime,
    recorded_by: str | None = None,
) -> bool:
    """Apply what a gateway says of a dispute; False when it is about no payment of ours that is booked (yet).

    `recorded_by` is who wrote down what a bank said by letter. Money that the payment does not have, or in another
    currency, is not booked: the dispute then stands among the exceptions. Safe any number of times and in any order:
    what was told earlier than what is known changes nothing.
    """
    found = session.execute(_PAYMENT, {"gateway": gateway, "ref": notice.gateway_ref}).one_or_none()
    if found is None:
        return False
    if found.order_id is not None:
        lock_order(session, found.order_id)
    payment = session.execute(_LOCK, {"id": found.id}).one()
    dispute = session.scalars(
        select(Dispute)
        .where(Dispute.gateway == gateway, Dispute.gateway_ref == notice.dispute_ref)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one_or_none()
    if dispute is not None and notice.told_at < dispute.told_at:
        return True
    is_new = dispute is None
    if dispute is None:
        dispute = _new(payment, gateway, gateway_account_id, notice, now)
        dispute.recorded_by = recorded_by
        _open(session, dispute, payment, notice, actor, now)
    before = dispute.status
    _follow(dispute, notice, now)
    session.flush()
    if not is_new and before != dispute.status:
        is_asked_anew = _forget_answer(dispute)
        session.flush()
        _tell_move(session, dispute, payment, before, actor, now, is_asked_anew=is_asked_anew)
    _book(session, dispute, payment, notice, actor, now)
    _move_payment(session, payment, actor, now)
    return True


def _new(payment: Row[Any], gateway: str, gateway_account_id: int, notice: DisputeNotice, now: datetime) -> Dispute:
    return Dispute(
        id=new_id(),
        gateway_account_id=gateway_account_id,
        gateway=gateway,
        gateway_ref=notice.dispute_ref,
        payment_id=payment.id,
        order_id=payment.order_id,
        currency=notice.currency,
        amount_minor=notice.amount_minor,
        told_held_minor=0,
        held_minor=0,
        borne_minor=0,
        borne_by={},
        entries=0,
        bearer=bearer_of(notice.reason).value,
        reason=notice.reason,
        status=notice.state.value,
        opened_at=notice.opened_at,
        told_at=notice.told_at,
        asked_at=now,
    )


def _open(
    session: Session, dispute: Dispute, payment: Row[Any], notice: DisputeNotice, actor: Actor, now: datetime
) -> None:
    _follow(dispute, notice, now)
    session.add(dispute)
    session.flush()
    move = Move(Machine.DISPUTE, dispute.id, None, dispute.status, payment.order_id, notice.reason)
    record_moves(session, move, actor=actor, now=now)
    after = {"payment": str(payment.id), "amount_minor": notice.amount_minor, "reason": notice.reason}
    record(session, Fact(AuditAction.DISPUTE_OPENED, f"dispute:{dispute.id}", after=after), actor=actor, now=now)
    emit(session, dispute_event("dispute.opened", dispute.id, payment), now=now)


def _book(
    session: Session, dispute: Dispute, payment: Row[Any], notice: DisputeNotice, actor: Actor, now: datetime
) -> None:
    """Follow the amount and the money. A bank may change both while a dispute is under way."""
    held = 0
    if notice.currency == dispute.currency == payment.currency:
        free = session.execute(_FREE, {"id": payment.id, "dispute_id": dispute.id}).scalar_one()
        held = booked_hold(told_minor=notice.held_minor, booked_minor=dispute.held_minor, free_minor=free)
    before = dispute.amount_minor
    amount = max(notice.amount_minor if notice.currency == dispute.currency else before, held, 1)
    # What is held is never more than what is disputed, at no moment between.
    dispute.amount_minor = max(before, amount)
    dispute.told_held_minor = notice.held_minor
    book_dispute(session, dispute=dispute, held_minor=held, actor=actor, now=now)
    dispute.amount_minor = amount
    session.flush()
    if dispute.amount_minor != before:
        was, is_now = {"amount_minor": before}, {"amount_minor": dispute.amount_minor}
        fact = Fact(AuditAction.DISPUTE_AMENDED, f"dispute:{dispute.id}", was, is_now)
        record(session, fact, actor=actor, now=now)


def _follow(dispute: Dispute, notice: DisputeNotice, now: datetime) -> None:
    """Everything but the money."""
    if dispute.status != notice.state.value and may_move(Machine.DISPUTE, dispute.status, notice.state.value):
        dispute.status = notice.state.value
    if dispute.status in OPEN:
        dispute.closed_at = None
    elif dispute.closed_at is None:
        dispute.closed_at = notice.told_at
    dispute.answer_due_at = notice.answer_due_at or notice.opened_at + ANSWER_WITHIN
    dispute.fee_minor, dispute.fee_currency = notice.fee_minor, notice.fee_currency
    dispute.told_at, dispute.asked_at = notice.told_at, now


def _forget_answer(dispute: Dispute) -> bool:
    """An inquiry that became a dispute, or one that is opened again, wants another answer than was given."""
    if dispute.status not in UNANSWERED or dispute.answer_state not in ("sent", "refused"):
        return False
    dispute.answer = dispute.answer_state = dispute.answer_code = dispute.answer_by = None
    dispute.answer_at = dispute.send_at = dispute.reminded_at = dispute.packet = None
    return True


def _tell_move(
    session: Session,
    dispute: Dispute,
    payment: Row[Any],
    before: str,
    actor: Actor,
    now: datetime,
    *,
    is_asked_anew: bool,
) -> None:
    record_moves(
        session, Move(Machine.DISPUTE, dispute.id, before, dispute.status, payment.order_id), actor=actor, now=now
    )
    fact = Fact(AuditAction.DISPUTE_MOVED, f"dispute:{dispute.id}", {"status": before}, {"status": dispute.status})
    record(session, fact, actor=actor, now=now)
    kind = "dispute.changed" if dispute.status in OPEN else "dispute.closed"
    if is_asked_anew:
        kind = "dispute.opened"
    emit(session, dispute_event(kind, dispute.id, payment), now=now)


def _move_payment(session: Session, payment: Row[Any], actor: Actor, now: datetime) -> None:
    new = session.execute(_STANDING, {"id": payment.id, "open": list(OPEN)}).scalar_one()
    # A dispute that was over before any money moved is none of the payment's states.
    if new is None or new == payment.status or not may_move(Machine.PAYMENT, payment.status, new):
        return
    session.execute(text("UPDATE payment SET status = :status WHERE id = :id"), {"id": payment.id, "status": new})
    record_moves(
        session, Move(Machine.PAYMENT, payment.id, payment.status, new, payment.order_id), actor=actor, now=now
    )


def dispute_event(kind: str, dispute_id: uuid.UUID, payment: Row[Any]) -> Event:
    """A fact about a dispute: the buyer's pages do not hear of it, the desks do."""
    return Event(
        kind,
        f"order:{payment.order_id}" if payment.order_id else f"payment:{payment.id}",
        {"dispute": str(dispute_id), "number": payment.number},
        channel_id=payment.channel_id,
        priority="high",
    )
