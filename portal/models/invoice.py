"""Credit lines of buyers, the invoices of orders that were bought on them, and what became of each (PAY-17)."""

import uuid
from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Identity, Index, Integer, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from portal.db import Base


class CreditLine(Base):
    """How much somebody may owe in one currency, and within how many days he pays.

    `wanted_minor` is a limit that waits for the consent of a second person; until then the old one is in force.
    """

    __tablename__ = "credit_line"
    __table_args__ = (
        CheckConstraint("limit_minor >= 0 AND wanted_minor > 0", name="limits"),
        CheckConstraint("days BETWEEN 1 AND 180", name="days"),
        CheckConstraint("state IN ('open', 'closed')", name="state"),
        CheckConstraint("(wanted_minor IS NULL) = (wanted_by IS NULL)", name="wanted"),
        UniqueConstraint("user_id", "currency"),
        Index("ix_credit_line_changed_at", text("changed_at DESC"), text("id DESC")),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("user_account.id"))
    currency: Mapped[str]
    limit_minor: Mapped[int]
    days: Mapped[int] = mapped_column(Integer)
    state: Mapped[str]
    wanted_minor: Mapped[int | None]
    wanted_by: Mapped[str | None]
    reason: Mapped[str]
    opened_at: Mapped[datetime]
    changed_at: Mapped[datetime]
    changed_by: Mapped[str]


class Invoice(Base):
    """What somebody owes for one order. What is left is the total without the three amounts beside it.

    `reminded` counts the reminders that have gone out.
    """

    __tablename__ = "invoice"
    __table_args__ = (
        CheckConstraint("total_minor > 0", name="total"),
        CheckConstraint(
            "least(paid_minor, lowered_minor, lost_minor) >= 0"
            " AND paid_minor + lowered_minor + lost_minor <= total_minor",
            name="sums",
        ),
        CheckConstraint("state IN ('open', 'partly_paid', 'overdue', 'paid', 'credited', 'written_off')", name="state"),
        CheckConstraint(
            "(closed_at IS NOT NULL) = (paid_minor + lowered_minor + lost_minor = total_minor)", name="closed"
        ),
        UniqueConstraint("number"),
        UniqueConstraint("order_id"),
        Index("ix_invoice_user_id", "user_id", text("issued_at DESC")),
        Index("ix_invoice_issued_at", text("issued_at DESC"), text("id DESC")),
        Index("ix_invoice_open", "due_at", postgresql_where=text("closed_at IS NULL")),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    number: Mapped[str]
    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("user_account.id"))
    channel_id: Mapped[int] = mapped_column(ForeignKey("channel.id"))
    order_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("orders.id"))
    currency: Mapped[str]
    total_minor: Mapped[int]
    paid_minor: Mapped[int] = mapped_column(server_default=text("0"))
    lowered_minor: Mapped[int] = mapped_column(server_default=text("0"))
    lost_minor: Mapped[int] = mapped_column(server_default=text("0"))
    state: Mapped[str]
    issued_at: Mapped[datetime]
    due_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]
    reminded: Mapped[int] = mapped_column(Integer, server_default=text("0"))


class InvoiceMove(Base):
    """What lowered an invoice: a payment, deposit, a refund of its order, or that it was written off. Never changed."""

    __tablename__ = "invoice_move"
    __table_args__ = (
        CheckConstraint("amount_minor > 0", name="amount"),
        CheckConstraint("kind IN ('payment', 'deposit', 'refund', 'write_off')", name="kind"),
        CheckConstraint("(kind = 'payment') = (payment_id IS NOT NULL)", name="payment"),
        UniqueConstraint("idem_key"),
        Index("ix_invoice_move_invoice_id", "invoice_id"),
    )

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    invoice_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("invoice.id"))
    kind: Mapped[str]
    amount_minor: Mapped[int]
    payment_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("payment.id"))
    idem_key: Mapped[str]
    at: Mapped[datetime]
    actor: Mapped[str]


class InvoicePayment(Base):
    """Which invoice a payment was begun for."""

    __tablename__ = "invoice_payment"
    __table_args__ = (Index("ix_invoice_payment_invoice_id", "invoice_id"),)

    payment_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("payment.id"), primary_key=True)
    invoice_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("invoice.id"))
