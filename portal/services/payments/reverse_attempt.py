"""Money that was taken for an order which cannot use it any more goes back (invariant 7: no charge is orphaned)."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from portal.models import Payment, PaymentAttempt
from portal.rules.permissions import SYSTEM
from portal.services.audit import AuditAction, Fact, record
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
            Payment.amount_minor,
            Payment.currency,
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
        row.id, row.gateway_account_id, row.gateway_ref, row.amount_minor, row.currency, row.state == "captured", asked
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
