"""Cash receipts (PAY-18)."""

import uuid
from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, Integer, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from portal.crypto import EncryptedText
from portal.db import Base


class CashReceiptWish(Base):
    """That a payment is to be filed, and under which number. `due_at` is set while something may be left to do."""

    __tablename__ = "cash_receipt_wish"
    __table_args__ = (
        CheckConstraint("kind IN ('personal', 'business')", name="kind"),
        Index("ix_cash_receipt_wish_due", "due_at", postgresql_where=text("due_at IS NOT NULL")),
    )

    payment_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("payment.id"), primary_key=True)
    kind: Mapped[str]
    number: Mapped[str] = mapped_column(EncryptedText("cash_receipt_wish.number"))
    tries: Mapped[int] = mapped_column(Integer, server_default=text("0"))
    due_at: Mapped[datetime | None]
    created_at: Mapped[datetime]


class CashReceipt(Base):
    """One filing of a payment. Its row exists, with its key, before the gateway is called."""

    __tablename__ = "cash_receipt"
    __table_args__ = (
        UniqueConstraint("payment_id", "n"),
        CheckConstraint("amount_minor > 0", name="amount"),
        CheckConstraint("status IN ('sent', 'issued', 'cancelling', 'cancelled', 'failed')", name="status"),
        Index("ix_cash_receipt_issue_number", "issue_number", postgresql_where=text("issue_number IS NOT NULL")),
        Index(
            "uq_cash_receipt_in_force",
            "payment_id",
            unique=True,
            postgresql_where=text("status IN ('sent', 'issued', 'cancelling')"),
        ),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    payment_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("cash_receipt_wish.payment_id"))
    n: Mapped[int] = mapped_column(Integer)
    key: Mapped[str] = mapped_column(unique=True)
    amount_minor: Mapped[int]
    currency: Mapped[str]
    status: Mapped[str]
    issue_number: Mapped[str | None]
    url: Mapped[str | None]
    reason: Mapped[str | None]
    sent_at: Mapped[datetime]
    issued_at: Mapped[datetime | None]
    cancelled_at: Mapped[datetime | None]
