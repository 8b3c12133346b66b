"""Cash receipts of an order, for its page and for administrators (PAY-18)."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.models import CashReceipt, CashReceiptWish, Payment

SHOWN_DIGITS = 4


@dataclass(frozen=True, slots=True)
class FiledReceipt:
    """One filing; `issue_number` is the tax office's."""

    amount_minor: int
    currency: str
    status: str
    issue_number: str | None
    url: str | None
    reason: str | None
    sent_at: datetime


@dataclass(frozen=True, slots=True)
class WishedReceipt:
    """What the buyer asked for, with the last digits of his number, and every filing, the newest first."""

    kind: str
    number_end: str
    filed: tuple[FiledReceipt, ...]


def cash_receipt_of(session: Session, *, order_id: uuid.UUID) -> WishedReceipt | None:
    """The wish and the filings of an order; None where nobody asked for one."""
    wish = session.execute(
        select(CashReceiptWish.payment_id, CashReceiptWish.kind, CashReceiptWish.number)
        .join(Payment, Payment.id == CashReceiptWish.payment_id)
        .where(Payment.order_id == order_id)
    ).one_or_none()
    if wish is None:
        return None
    rows = session.execute(
        select(
            CashReceipt.amount_minor,
            CashReceipt.currency,
            CashReceipt.status,
            CashReceipt.issue_number,
            CashReceipt.url,
            CashReceipt.reason,
            CashReceipt.sent_at,
        )
        .where(CashReceipt.payment_id == wish.payment_id)
        .order_by(CashReceipt.n.desc())
    )
    return WishedReceipt(wish.kind, wish.number[-SHOWN_DIGITS:], tuple(FiledReceipt(*row) for row in rows))
