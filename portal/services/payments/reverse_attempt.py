"""Money that was taken for what cannot use it any more goes back (invariant 7: no charge is orphaned)."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from portal.models import Order, Payment, PaymentAttempt
from portal.rules.permissions import SYSTEM
from portal.services.audit import AuditAction, Fact, record
from portal.services.deposits.credit_top_up import credit_top_up
from portal.services.outbox import Event, emit
from portal.services.payments.find_due import AttemptToAsk

LEASE = timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class AttemptToReverse:
    """What is to be given back, and whether it was taken or only held."""

    attempt_id: uuid.UUID
    gateway_account_id: int
    gateway_ref: str
    amount_minor: int
    currency: str
    method: str
    captured: bool
    asked: AttemptToAsk


def want_reversal(session: Session, *, attempt_id: uuid.UUID, now: datetime) -> None:
    """Mark an attempt so that what it holds is released."""
    session.execute(
        update(PaymentAttempt)
        .where(PaymentAttempt.id == attempt_id, PaymentAttempt.reversal.is_(None))
        .values(reversal="wanted", due_at=now)
    )


def attempt_to_reverse(session: Session, *, attempt_id: uuid.UUID, now: datetime) -> AttemptToReverse | None:
    """Take an attempt for its reversal; None when there is nothing (more) to give back."""
    row = session.execute(
        select(
            PaymentAttempt.id,
            PaymentAttempt.gateway_account_id,
            PaymentAttempt.gateway_ref,
            PaymentAttempt.op_key,
            PaymentAttempt.sent_at,
            PaymentAttempt.state,
            func.coalesce(PaymentAttempt.received_minor, Payment.amount_minor).label("amount_minor"),
            Payment.currency,
            Payment.method,
        )
        .join(Payment, Payment.id == PaymentAttempt.payment_id)
        .where(PaymentAttempt.id == attempt_id, PaymentAttempt.reversal == "wanted")
        .with_for_update(of=PaymentAttempt, skip_locked=True)
    ).one_or_none()
    if row is None or row.gateway_ref is None:
        return None
    session.execute(update(PaymentAttempt).where(PaymentAttempt.id == attempt_id).values(due_at=now + LEASE))
    asked = AttemptToAsk(row.id, row.gateway_account_id, row.op_key, row.gateway_ref, row.sent_at)
    return AttemptToReverse(
        row.id,
        row.gateway_account_id,
        row.gateway_ref,
        row.amount_minor,
        row.currency,
        row.method,
        row.state == "captured",
        asked,
    )


def note_reversed(session: Session, *, attempt_id: uuid.UUID, reversal_ref: str, now: datetime) -> None:
    """The money is on its way back."""
    payment_id = session.execute(
        update(PaymentAttempt)
        .where(PaymentAttempt.id == attempt_id, PaymentAttempt.reversal == "wanted")
        .values(reversal="done", reversal_ref=reversal_ref)
        .returning(PaymentAttempt.payment_id)
    ).scalar_one_or_none()
    if payment_id is not None:
        fact = Fact(AuditAction.PAYMENT_VOIDED, f"payment:{payment_id}", after={"reversal_ref": reversal_ref})
        record(session, fact, actor=SYSTEM, now=now)


def keep_as_deposit(
    session: Session, *, attempt_id: uuid.UUID, amount_minor: int, currency: str, now: datetime
) -> bool:
    """Credit to its buyer's deposit what a gateway holds and can send nowhere, once; False when it has gone back.

    A transfer into a virtual account does not say where it came from. From the deposit he may withdraw it to his bank.
    """
    attempt = session.execute(
        select(
            PaymentAttempt.gateway,
            PaymentAttempt.payment_id,
            Payment.user_id,
            Payment.channel_id,
            Payment.purpose,
            Order.number,
        )
        .join(Payment, Payment.id == PaymentAttempt.payment_id)
        .outerjoin(Order, Order.id == Payment.order_id)
        .where(PaymentAttempt.id == attempt_id, PaymentAttempt.reversal == "wanted")
        .with_for_update(of=PaymentAttempt)
    ).one_or_none()
    if attempt is None:
        return False
    entry_id = credit_top_up(
        session,
        user_id=attempt.user_id,
        gateway=attempt.gateway,
        currency=currency,
        amount_minor=amount_minor,
        idem_key=f"kept:{attempt_id}",
        actor=SYSTEM,
        now=now,
    )
    note_reversed(session, attempt_id=attempt_id, reversal_ref=f"deposit:{entry_id}", now=now)
    event = Event(
        "payment.kept_as_deposit",
        f"payment:{attempt.payment_id}",
        {
            "attempt": str(attempt_id),
            "purpose": attempt.purpose,
            "number": attempt.number,
            "amount_minor": amount_minor,
            "currency": currency,
        },
        channel_id=attempt.channel_id,
        profile_id=attempt.user_id,
        priority="high",
    )
    emit(session, event, now=now)
    return True
