"""A withdrawal follows its legs: what a gateway could not send back is deposit again (REF-08)."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import Row, select, text
from sqlalchemy.orm import Session

from portal.models import Withdrawal
from portal.rules.permissions import SYSTEM, Actor
from portal.rules.posting import EntryKind, Line, withdrawal_sent_back, withdrawal_undone
from portal.rules.states import Machine, may_move
from portal.services.audit import AuditAction, Fact, record
from portal.services.history import Move, record_moves
from portal.services.ledger.post import post
from portal.services.outbox import Event, emit

_LOCK_PAYMENT = text(
    """
    SELECT p.id FROM refund_leg g JOIN payment_attempt a ON a.id = g.attempt_id JOIN payment p ON p.id = a.payment_id
     WHERE g.id = :leg_id FOR UPDATE OF p
    """
)
_PAID_BACK = text(
    """
    WITH back AS (
        SELECT p.id, p.status, p.captured_minor, coalesce(sum(g.amount_minor), 0)::bigint AS amount
          FROM payment p JOIN payment_attempt a ON a.payment_id = p.id
          LEFT JOIN refund_leg g ON g.attempt_id = a.id AND g.status = 'succeeded'
         WHERE p.id IN (SELECT x.payment_id FROM refund_leg g JOIN payment_attempt x ON x.id = g.attempt_id
                         WHERE g.id = :leg_id) GROUP BY p.id
    )
    UPDATE payment p SET refunded_minor = back.amount FROM back WHERE p.id = back.id
    RETURNING p.id, back.status, back.captured_minor, back.amount
    """
)
_SET_STATUS = text("UPDATE payment SET status = :status WHERE id = :id")
_OPEN = text(
    """
    SELECT EXISTS (SELECT FROM refund_leg WHERE withdrawal_id = :id AND status NOT IN ('succeeded', 'failed'))
           OR EXISTS (SELECT FROM payout WHERE withdrawal_id = :id AND state <> 'paid')
    """
)


def withdrawal_event(kind: str, row: Withdrawal) -> Event:
    """A fact about a withdrawal, heard by its owner's pages."""
    payload = {"withdrawal": str(row.id), "amount_minor": row.amount_minor, "currency": row.currency}
    return Event(kind, f"withdrawal:{row.id}", payload, profile_id=row.user_id, priority="high")


def lock_withdrawal_of(session: Session, *, leg_id: uuid.UUID, withdrawal_id: uuid.UUID) -> Withdrawal:
    """The withdrawal behind a leg with its lock held; the payment first, as settling an attempt does it."""
    session.execute(_LOCK_PAYMENT, {"leg_id": leg_id})
    found = select(Withdrawal).where(Withdrawal.id == withdrawal_id).with_for_update()
    return session.execute(found.execution_options(populate_existing=True)).scalar_one()


def book_sent_back(session: Session, *, row: Withdrawal, leg: Row[Any], now: datetime, undone: bool = False) -> None:
    """Post that a leg went back through its gateway, or that it came back to us after all."""
    lines = withdrawal_sent_back(
        user_id=row.user_id, gateway=leg.gateway, currency=row.currency, amount_minor=leg.amount_minor
    )
    key, reverses = f"refund_leg:{leg.id}", None
    if undone:
        reverses, _ = post(session, kind=EntryKind.WITHDRAWAL_SENT_BACK, idem_key=key, lines=lines, now=now)
        lines, key = tuple(Line(line.account, -line.amount_minor) for line in lines), f"{key}:failed"
    entry_id, is_new = post(
        session, kind=EntryKind.WITHDRAWAL_SENT_BACK, idem_key=key, lines=lines, now=now, reverses=reverses
    )
    if is_new:
        after = {"withdrawal": str(row.id), "amount_minor": leg.amount_minor, "undone": undone}
        record(session, Fact(AuditAction.WITHDRAWAL_PAID, f"entry:{entry_id}", after=after), actor=SYSTEM, now=now)


def return_to_deposit(
    session: Session, *, row: Withdrawal, amount_minor: int, key: str, reason: str, actor: Actor, now: datetime
) -> None:
    """What cannot be sent is deposit again, and its owner hears of it."""
    entry_id, _ = post(
        session,
        kind=EntryKind.WITHDRAWAL_UNDONE,
        idem_key=key,
        lines=withdrawal_undone(user_id=row.user_id, currency=row.currency, amount_minor=amount_minor),
        now=now,
    )
    row.returned_minor += amount_minor
    session.flush()
    after = {"withdrawal": str(row.id), "amount_minor": amount_minor}
    fact = Fact(AuditAction.WITHDRAWAL_DECIDED, f"entry:{entry_id}", after=after, reason=reason)
    record(session, fact, actor=actor, now=now)
    emit(session, withdrawal_event("withdrawal.returned", row), now=now)


def follow_leg(session: Session, *, row: Withdrawal, leg_id: uuid.UUID, actor: Actor, now: datetime) -> None:
    """Bring the payment and the withdrawal up to date with a leg."""
    for payment in session.execute(_PAID_BACK, {"leg_id": leg_id}).all():
        new = "captured"
        if payment.amount:
            new = "refunded" if payment.amount == payment.captured_minor else "partially_refunded"
        if new != payment.status and may_move(Machine.PAYMENT, payment.status, new):
            session.execute(_SET_STATUS, {"id": payment.id, "status": new})
            record_moves(session, Move(Machine.PAYMENT, payment.id, payment.status, new), actor=actor, now=now)
    close_withdrawal(session, row=row, actor=actor, now=now)


def close_withdrawal(session: Session, *, row: Withdrawal, actor: Actor, now: datetime) -> None:
    """End an approved withdrawal of which nothing is under way any more."""
    session.flush()
    if row.status != "approved" or session.execute(_OPEN, {"id": row.id}).scalar_one():
        return
    new = "refused" if row.returned_minor == row.amount_minor else "paid"
    record_moves(session, Move(Machine.WITHDRAWAL, row.id, row.status, new), actor=actor, now=now)
    row.status, row.closed_at = new, now
    session.flush()
    emit(session, withdrawal_event(f"withdrawal.{new}", row), now=now)
