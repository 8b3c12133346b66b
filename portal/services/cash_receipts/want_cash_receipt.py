"""Keep under which number a payment is to be filed, and look at it whenever its amount has changed (PAY-18)."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import insert, select, text
from sqlalchemy.orm import Session

from portal.models import CashReceiptWish, PaymentAttempt
from portal.rules.cash_receipts import ReceiptWish

_LOOK = text(
    """
    UPDATE cash_receipt_wish w SET due_at = :now, tries = 0
      FROM payment y WHERE y.id = w.payment_id AND y.order_id = :order_id
    RETURNING w.payment_id
    """
)


def want_cash_receipt(session: Session, *, attempt_id: uuid.UUID, wish: ReceiptWish, now: datetime) -> None:
    """Keep the wish with the payment of this attempt; it is filed when the money is there."""
    payment = select(PaymentAttempt.payment_id).where(PaymentAttempt.id == attempt_id).scalar_subquery()
    row = {"payment_id": payment, "kind": wish.kind, "number": wish.number, "created_at": now}
    session.execute(insert(CashReceiptWish).values(row))


def look_at_cash_receipt(session: Session, *, order_id: uuid.UUID, now: datetime) -> bool:
    """Have a worker bring the receipt of an order to what is owed; returns whether one is wanted."""
    return bool(session.execute(_LOOK, {"order_id": order_id, "now": now}).all())
