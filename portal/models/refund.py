"""Refunds: what is given back (the decision, by lines) and how (one leg per tender)."""

import uuid
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Identity, Index, Integer, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from portal.crypto import EncryptedText
from portal.db import Base


class Destination(StrEnum):
    """Where the money of a leg goes. ORIGINAL is where the tender came from; RELEASE: it was only held, never taken."""

    ORIGINAL = "original"
    DEPOSIT = "deposit"
    BANK = "bank"
    RELEASE = "release"


class RefundRule(Base):
    """What may be asked back, how long and by whose consent; the most specific row counts (REF-01).

    Null for channel or section means all of them. A column that is null leaves the question to the next row. Of one
    place the row counts that began last before an order was placed. Never changed; one that has not begun can be
    withdrawn.
    """

    __tablename__ = "refund_rule"
    __table_args__ = (
        CheckConstraint("window_days BETWEEN 0 AND 365", name="window_days"),
        CheckConstraint("restocking_basis_points BETWEEN 0 AND 10000", name="restocking"),
        CheckConstraint("way_back IN ('buyer', 'store')", name="way_back"),
        CheckConstraint("(withdrawn_at IS NULL) = (withdrawn_by IS NULL)", name="withdrawn_by"),
        Index(
            "uq_refund_rule_moment",
            text("coalesce(channel_id, 0)"),
            text("coalesce(section_id, 0)"),
            "valid_from",
            unique=True,
            postgresql_where=text("withdrawn_at IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(Identity(always=False), primary_key=True)
    channel_id: Mapped[int | None] = mapped_column(ForeignKey("channel.id"))
    section_id: Mapped[int | None] = mapped_column(ForeignKey("section.id"))
    window_days: Mapped[int | None] = mapped_column(Integer)
    returnable: Mapped[bool | None]
    approve_above: Mapped[dict[str, Any] | None]
    step_up_above: Mapped[dict[str, Any] | None]
    # Which reasons are taken for sending something back, who pays for that, and whether it may be exchanged.
    return_reasons: Mapped[list[Any] | None]
    way_back: Mapped[str | None]
    exchangeable: Mapped[bool | None]
    # For which of them a buyer has to send pictures.
    picture_reasons: Mapped[list[Any] | None]
    restocking_basis_points: Mapped[int | None] = mapped_column(Integer)
    valid_from: Mapped[datetime] = mapped_column(server_default=text("'2000-01-01 00:00:00+00'"))
    note: Mapped[str] = mapped_column(server_default="")
    set_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("user_account.id"))
    set_at: Mapped[datetime | None]
    withdrawn_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("user_account.id"))
    withdrawn_at: Mapped[datetime | None]


class Refund(Base):
    """A decision to give something back for an order. `plan` is what was shown, and is executed to the unit."""

    __tablename__ = "refund"
    __table_args__ = (
        Index("ix_refund_order_id", "order_id"),
        Index("ix_refund_requested_at", text("requested_at DESC"), text("id DESC")),
        Index("ix_refund_state", "status", text("requested_at DESC"), text("id DESC")),
        Index("ix_refund_open", "due_at", postgresql_where=text("completed_at IS NULL")),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    order_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("orders.id"))
    kind: Mapped[str]
    idem_key: Mapped[str] = mapped_column(unique=True)
    reason: Mapped[str]
    currency: Mapped[str]
    total_minor: Mapped[int]
    status: Mapped[str]
    requested_by: Mapped[str]
    requested_at: Mapped[datetime]
    completed_at: Mapped[datetime | None]
    origin: Mapped[str] = mapped_column(server_default="self_service")
    note: Mapped[str | None]
    preference: Mapped[str | None]
    plan: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))
    bank: Mapped[str | None] = mapped_column(EncryptedText("refund.bank"))
    shown: Mapped[str] = mapped_column(server_default="")
    approved_at: Mapped[datetime | None]
    due_at: Mapped[datetime | None]
    escalated_at: Mapped[datetime | None]


class RefundApproval(Base):
    """Somebody whose consent a refund needs before money moves: a store for its part, or an administrator."""

    __tablename__ = "refund_approval"
    __table_args__ = (
        CheckConstraint("(store_id IS NULL) = (approver = 'admin')", name="approver"),
        UniqueConstraint("refund_id", "store_id"),
        Index("uq_refund_approval_admin", "refund_id", unique=True, postgresql_where=text("store_id IS NULL")),
        Index("ix_refund_approval_store", "store_id", "state"),
    )

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    refund_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("refund.id"))
    approver: Mapped[str]
    store_id: Mapped[int | None] = mapped_column(ForeignKey("store.id"))
    why: Mapped[str]
    state: Mapped[str] = mapped_column(server_default="waiting")
    decided_by: Mapped[str | None]
    decided_at: Mapped[datetime | None]
    reason: Mapped[str | None]


class RefundLine(Base):
    """Units of a line, or a part's shipping fee, that a refund gives back.

    Without units, `tax_minor` is the tax in what something cheaper cost less that was taken in exchange.
    `restocking_minor` is what the store kept of it as its fee, beside the amount.
    """

    __tablename__ = "refund_line"
    __table_args__ = (
        CheckConstraint("(line_id IS NULL) <> (part_id IS NULL)", name="target"),
        Index("ix_refund_line_refund_id", "refund_id"),
        Index("ix_refund_line_line_id", "line_id"),
        Index("ix_refund_line_part_id", "part_id"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    refund_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("refund.id"))
    line_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("order_line.id"))
    part_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("order_part.id"))
    quantity: Mapped[int] = mapped_column(Integer, server_default=text("0"))
    amount_minor: Mapped[int]
    tax_minor: Mapped[int | None]
    restocking_minor: Mapped[int] = mapped_column(server_default=text("0"))


class RefundLeg(Base):
    """What one tender gives back, once, under one key of the gateway's, which is stored before the call.

    A leg that failed stays failed and does not count against the cap; what it owed goes out by another leg, which
    names it in `replaces`. Behind it stands a refund with its tender, or a withdrawal of deposit, which goes back
    through the payments that it came from (REF-08).
    """

    __tablename__ = "refund_leg"
    __table_args__ = (
        CheckConstraint("amount_minor > 0", name="amount"),
        CheckConstraint(
            "(refund_id IS NULL) <> (withdrawal_id IS NULL) AND (refund_id IS NULL) = (tender_id IS NULL)",
            name="behind",
        ),
        Index("ix_refund_leg_refund_id", "refund_id"),
        Index("ix_refund_leg_attempt_id", "attempt_id"),
        Index("ix_refund_leg_withdrawal_id", "withdrawal_id", postgresql_where=text("withdrawal_id IS NOT NULL")),
        Index("ix_refund_leg_tender_id", "tender_id"),
        Index("uq_refund_leg_replaces", "replaces", unique=True),
        Index(
            "ix_refund_leg_due",
            "due_at",
            postgresql_where=text("status IN ('approved', 'sent', 'pending', 'unknown')"),
        ),
        Index("ix_refund_leg_failed", "updated_at", postgresql_where=text("status = 'failed'")),
        Index("ix_refund_leg_gateway_ref", "gateway_ref"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    refund_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("refund.id"))
    tender_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("tender.id"))
    withdrawal_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("withdrawal.id"))
    amount_minor: Mapped[int]
    points: Mapped[int | None]
    # In the platform's currency at the payment's rate, and what today's rate would have cost less (REF-07).
    platform_minor: Mapped[int | None]
    fx_loss_minor: Mapped[int | None]
    op_key: Mapped[str] = mapped_column(unique=True)
    gateway_ref: Mapped[str | None]
    status: Mapped[str]
    updated_at: Mapped[datetime]
    destination: Mapped[str] = mapped_column(server_default="original")
    attempt_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("payment_attempt.id"))
    replaces: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("refund_leg.id"))
    reason: Mapped[str | None]
    gateway_code: Mapped[str | None]
    calls: Mapped[int] = mapped_column(Integer, server_default=text("0"))
    sent_at: Mapped[datetime | None]
    due_at: Mapped[datetime | None]


class Payout(Base):
    """Money to be sent to a bank account by hand: of a refund whose original way is closed, or of a withdrawal."""

    __tablename__ = "payout"
    __table_args__ = (
        CheckConstraint("amount_minor > 0", name="amount"),
        CheckConstraint("(refund_leg_id IS NULL) <> (withdrawal_id IS NULL)", name="purpose"),
        Index("ix_payout_waiting", "requested_at", postgresql_where=text("state = 'waiting'")),
        Index("ix_payout_reference", "reference", postgresql_where=text("reference IS NOT NULL")),
        Index("uq_payout_refund_leg_id", "refund_leg_id", unique=True),
        Index("uq_payout_withdrawal_id", "withdrawal_id", unique=True),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("user_account.id"))
    refund_leg_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("refund_leg.id"))
    withdrawal_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("withdrawal.id"))
    currency: Mapped[str]
    amount_minor: Mapped[int]
    bank: Mapped[str] = mapped_column(EncryptedText("payout.bank"))
    state: Mapped[str]
    reference: Mapped[str | None]
    requested_at: Mapped[datetime]
    paid_at: Mapped[datetime | None]
    paid_by: Mapped[str | None]


class Withdrawal(Base):
    """A person's wish to have deposit back. The amount leaves the balance with the request (REF-08).

    `holds` are the reasons why a person must look at it first; without any it is approved at once. It goes back
    through the payments of top-ups first, and what is left to the `bank`; `returned_minor` could not be sent and is
    deposit again.
    """

    __tablename__ = "withdrawal"
    __table_args__ = (
        CheckConstraint("amount_minor > 0", name="amount"),
        CheckConstraint("returned_minor BETWEEN 0 AND amount_minor", name="returned"),
        Index("ix_withdrawal_user_id", "user_id", text("requested_at DESC")),
        Index("ix_withdrawal_requested_at", text("requested_at DESC"), text("id DESC")),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("user_account.id"))
    idem_key: Mapped[str] = mapped_column(unique=True)
    currency: Mapped[str]
    amount_minor: Mapped[int]
    status: Mapped[str]
    holds: Mapped[list[Any]] = mapped_column(server_default=text("'[]'"))
    bank: Mapped[str | None] = mapped_column(EncryptedText("withdrawal.bank"))
    returned_minor: Mapped[int] = mapped_column(server_default=text("0"))
    requested_at: Mapped[datetime]
    decided_by: Mapped[str | None]
    decided_at: Mapped[datetime | None]
    reason: Mapped[str | None]
    closed_at: Mapped[datetime | None]
