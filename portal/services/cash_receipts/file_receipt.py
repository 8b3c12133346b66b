"""Take the next step of filing a payment, and note what the gateway said of it (PAY-18)."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select, text, update
from sqlalchemy.orm import Session

from portal.gateways.receipts import (
    ReceiptCancelled,
    ReceiptFailed,
    ReceiptIssued,
    ReceiptKind,
    ReceiptOutcome,
    ReceiptRequest,
)
from portal.kit.ids import new_id
from portal.models import CashReceipt, CashReceiptWish, Order, Payment, PaymentAttempt, Tender
from portal.rules.cash_receipts import Cancel, Filed, Issue, next_step
from portal.rules.permissions import Actor
from portal.services.audit import AuditAction, Fact, record

# While one worker asks, no other takes the same step; after it the step is taken again, under the same key.
LEASE = timedelta(minutes=1)
# Each receipt is tried again after these; then daily.
PAUSES = (timedelta(seconds=30), timedelta(minutes=5), timedelta(hours=1), timedelta(days=1))
BATCH = 50


@dataclass(frozen=True, slots=True)
class ReceiptStep:
    """What a gateway is to be asked now: to issue `request`, or to take back the one with its key."""

    payment_id: uuid.UUID
    n: int
    account_id: int
    request: ReceiptRequest
    is_cancellation: bool


def receipts_due(session: Session, *, now: datetime) -> Sequence[uuid.UUID]:
    """Payments whose receipts are to be looked at."""
    due = select(CashReceiptWish.payment_id).where(CashReceiptWish.due_at <= now)
    return session.scalars(due.order_by(CashReceiptWish.due_at).limit(BATCH)).all()


def claim_step(session: Session, *, payment_id: uuid.UUID, now: datetime) -> ReceiptStep | None:
    """Write down the next step of a payment that is due, before anybody is asked; None when nothing is to be done."""
    wish = session.scalars(
        select(CashReceiptWish)
        .where(CashReceiptWish.payment_id == payment_id, CashReceiptWish.due_at <= now)
        .with_for_update(skip_locked=True)
    ).one_or_none()
    if wish is None:
        return None
    payment = session.execute(
        select(Payment.captured_minor, Tender.refunded_minor, Payment.currency, Payment.method, Order.number)
        .join(Order, Order.id == Payment.order_id)
        .join(Tender, Tender.id == Payment.tender_id)
        .where(Payment.id == payment_id)
    ).one()
    account_id = session.scalars(
        select(PaymentAttempt.gateway_account_id)
        .where(PaymentAttempt.payment_id == payment_id, PaymentAttempt.state == "captured")
        .order_by(PaymentAttempt.n.desc())
        .limit(1)
    ).one_or_none()
    rows = {row.n: row for row in session.scalars(select(CashReceipt).where(CashReceipt.payment_id == payment_id))}
    filed = [Filed(row.n, row.amount_minor, row.status) for row in rows.values()]
    step = next_step(payment.captured_minor - payment.refunded_minor, filed)
    if step is None or account_id is None:
        wish.due_at = None
        return None
    wish.due_at = now + LEASE
    match step:
        case Issue(n, amount_minor):
            row = rows.get(n) or CashReceipt(
                id=new_id(),
                payment_id=payment_id,
                n=n,
                key=f"cr_{payment_id.hex}_{n}",
                amount_minor=amount_minor,
                currency=payment.currency,
                status="sent",
                sent_at=now,
            )
            session.add(row)
        case Cancel(n):
            row = rows[n]
            row.status = "cancelling"
    request = ReceiptRequest(
        key=row.key,
        kind=ReceiptKind(wish.kind),
        identity=wish.number,
        amount_minor=row.amount_minor,
        currency=row.currency,
        order_name=payment.number,
        method=payment.method,
    )
    return ReceiptStep(payment_id, n, account_id, request, isinstance(step, Cancel))


def note_outcome(session: Session, *, step: ReceiptStep, outcome: ReceiptOutcome, actor: Actor, now: datetime) -> None:
    """Write what the gateway said, once, and look again at once: what is owed may have changed meanwhile."""
    expected = "cancelling" if step.is_cancellation else "sent"
    match outcome:
        case ReceiptIssued(number, url, _amount):
            values = {"status": "issued", "issue_number": number, "url": url, "issued_at": now}
        case ReceiptCancelled():
            values = {"status": "cancelled", "cancelled_at": now}
        case ReceiptFailed(code):
            # One that cannot be taken back stays in force, and says so.
            values = {"status": "issued" if step.is_cancellation else "failed", "reason": code}
    moved = session.execute(
        update(CashReceipt)
        .where(
            CashReceipt.payment_id == step.payment_id,
            CashReceipt.n == step.n,
            CashReceipt.status == expected,
        )
        .values(values)
        .returning(CashReceipt.id)
    ).one_or_none()
    if moved is None:
        return
    is_stuck = step.is_cancellation and isinstance(outcome, ReceiptFailed)
    look = update(CashReceiptWish).where(CashReceiptWish.payment_id == step.payment_id)
    if is_stuck:
        session.execute(look.values(due_at=now + PAUSES[-1]))
    else:
        session.execute(look.values(due_at=now, tries=0))
    after = {"status": values["status"], "amount_minor": step.request.amount_minor, "n": step.n}
    fact = Fact(AuditAction.CASH_RECEIPT_FILED, f"payment:{step.payment_id}", after=after)
    record(session, fact, actor=actor, now=now)


_LATER = text(
    """
    UPDATE cash_receipt_wish SET tries = tries + 1,
           due_at = :now + (CAST(:pauses AS interval[]))[least(tries + 1, cardinality(CAST(:pauses AS interval[])))]
     WHERE payment_id = :payment_id
    """
)


def try_later(session: Session, *, step: ReceiptStep, now: datetime) -> None:
    """Nobody answered: the same step is taken again, under the same key, after a pause that grows."""
    session.execute(_LATER, {"payment_id": step.payment_id, "pauses": list(PAUSES), "now": now})
