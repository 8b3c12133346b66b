"""Payments: what an order is covered with (tenders), and what happened at the gateways."""

import uuid
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Identity, Index, Integer, Numeric, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from portal.crypto import EncryptedText
from portal.db import Base


class TenderType(StrEnum):
    DEPOSIT = "deposit"
    GIFT = "gift"
    REFUND_CREDIT = "refund_credit"
    MILEAGE = "mileage"
    GATEWAY = "gateway"


_CAPTURE_ON = "capture_on IN ('checkout', 'shipment', 'shipment_or_end')"


class Tender(Base):
    """One kind of money that covers a part of an order's total, in the order's currency."""

    __tablename__ = "tender"
    __table_args__ = (
        CheckConstraint("amount_minor > 0", name="amount"),
        CheckConstraint("captured_minor BETWEEN 0 AND amount_minor", name="captured"),
        CheckConstraint("refunded_minor BETWEEN 0 AND captured_minor", name="refunded"),
        CheckConstraint("released_minor BETWEEN 0 AND amount_minor - captured_minor", name="released"),
        Index("ix_tender_order_id", "order_id"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    order_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("orders.id"))
    type: Mapped[str]
    currency: Mapped[str]
    amount_minor: Mapped[int]
    points: Mapped[int | None]
    hold_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("ledger_hold.id"))
    captured_minor: Mapped[int] = mapped_column(server_default=text("0"))
    refunded_minor: Mapped[int] = mapped_column(server_default=text("0"))
    released_minor: Mapped[int] = mapped_column(server_default=text("0"))
    status: Mapped[str]
    updated_at: Mapped[datetime]


class TenderShare(Base):
    """How much of a tender a line or a part's shipping fee was paid with; fixed when the order is placed.

    `held_minor` was due with units that went back, and stays for a discount that was asked back (REF-05). `less_minor`
    of what went back was for something cheaper, taken in exchange. `restocking_minor` was due, too, and is kept by the
    store for goods that came back by choice.
    """

    __tablename__ = "tender_share"
    __table_args__ = (
        CheckConstraint("(line_id IS NULL) <> (part_id IS NULL)", name="target"),
        CheckConstraint("amount_minor >= 0", name="amount"),
        CheckConstraint("refunded_minor BETWEEN 0 AND amount_minor", name="refunded"),
        CheckConstraint(
            "restocking_minor >= 0 AND held_minor >= 0"
            " AND refunded_minor + held_minor + restocking_minor <= amount_minor",
            name="held",
        ),
        CheckConstraint("less_minor BETWEEN 0 AND refunded_minor", name="less"),
        Index("ix_tender_share_tender_id", "tender_id"),
        Index("ix_tender_share_order_id", "order_id"),
    )

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    order_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("orders.id"))
    tender_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("tender.id"))
    line_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("order_line.id"))
    part_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("order_part.id"))
    amount_minor: Mapped[int]
    refunded_minor: Mapped[int] = mapped_column(server_default=text("0"))
    held_minor: Mapped[int] = mapped_column(server_default=text("0"))
    less_minor: Mapped[int] = mapped_column(server_default=text("0"))
    restocking_minor: Mapped[int] = mapped_column(server_default=text("0"))


class GatewayAccount(Base):
    """A contract with a payment vendor, as one channel (or all) uses it (PAY-05)."""

    __tablename__ = "gateway_account"
    __table_args__ = (CheckConstraint(_CAPTURE_ON, name="capture_on"),)

    id: Mapped[int] = mapped_column(Identity(always=False), primary_key=True)
    gateway: Mapped[str]
    name: Mapped[str] = mapped_column(unique=True)
    channel_id: Mapped[int | None] = mapped_column(ForeignKey("channel.id"))
    credentials: Mapped[str | None] = mapped_column(EncryptedText("gateway_account.credentials"))
    methods: Mapped[list[str]]
    currencies: Mapped[list[str]]
    countries: Mapped[list[str]] = mapped_column(server_default=text("'{}'"))
    limits: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))
    priority: Mapped[int] = mapped_column(Integer, server_default=text("100"))
    enabled: Mapped[bool] = mapped_column(server_default=text("true"))
    capture_on: Mapped[str] = mapped_column(server_default=text("'checkout'"))
    version: Mapped[int] = mapped_column(server_default=text("1"))


class Payment(Base):
    """Money asked of a gateway for an order or a top-up. It exists before the gateway is called (PAY-07).

    `expires_at` is set where there is no order: until then its money is waited for. `capture_on` says when what a
    gateway holds is taken, `held_until` how long it holds it, `end_told_at` since when people know that this ends.
    """

    __tablename__ = "payment"
    __table_args__ = (
        CheckConstraint("amount_minor > 0", name="amount"),
        CheckConstraint("(tender_id IS NULL) = (order_id IS NULL)", name="purpose"),
        CheckConstraint("captured_minor <= authorised_minor AND refunded_minor <= captured_minor", name="sums"),
        CheckConstraint(_CAPTURE_ON, name="capture_on"),
        Index("ix_payment_held_until", "held_until", postgresql_where=text("status = 'authorised'")),
        CheckConstraint(
            "num_nulls(platform_currency, platform_minor, fx_rate, fx_source, fx_as_of) IN (0, 5)", name="fx"
        ),
        Index("ix_payment_order_id", "order_id"),
        Index("ix_payment_user_id", "user_id", text("created_at DESC")),
        Index("ix_payment_created_at", text("created_at DESC"), text("id DESC")),
        Index("ix_payment_status", "status", text("created_at DESC")),
        Index(
            "ix_payment_expires_at",
            "expires_at",
            postgresql_where=text("expires_at IS NOT NULL AND status IN ('pending', 'requires_action', 'authorised')"),
        ),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    purpose: Mapped[str]
    order_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("orders.id"))
    tender_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("tender.id"))
    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("user_account.id"))
    channel_id: Mapped[int] = mapped_column(ForeignKey("channel.id"))
    method: Mapped[str]
    currency: Mapped[str]
    amount_minor: Mapped[int]
    authorised_minor: Mapped[int] = mapped_column(server_default=text("0"))
    captured_minor: Mapped[int] = mapped_column(server_default=text("0"))
    refunded_minor: Mapped[int] = mapped_column(server_default=text("0"))
    # The same at the rate of the payment, which its refunds have, too (REF-07).
    platform_currency: Mapped[str | None]
    platform_minor: Mapped[int | None]
    fx_rate: Mapped[Decimal | None] = mapped_column(Numeric)
    fx_source: Mapped[str | None]
    fx_as_of: Mapped[datetime | None]
    status: Mapped[str]
    capture_wanted: Mapped[bool] = mapped_column(server_default=text("true"))
    capture_on: Mapped[str] = mapped_column(server_default=text("'checkout'"))
    held_until: Mapped[datetime | None]
    end_told_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime | None]
    completed_at: Mapped[datetime | None]


class PaymentAttempt(Base):
    """One try at one gateway. `op_key` is stored before the call and is the gateway's idempotency key for good.

    `reversal` is `wanted` when money was taken that no order can use any more, and `done` when it has gone back.
    `capture_minor` is what the gateway was asked to take of what it holds: the same in every repetition.
    """

    __tablename__ = "payment_attempt"
    __table_args__ = (
        UniqueConstraint("payment_id", "n"),
        Index(
            "ix_payment_attempt_due",
            "due_at",
            postgresql_where=text(
                "state IN ('created', 'claimed', 'sent', 'requires_action', 'pending', 'unknown', 'authorised')"
                " OR reversal = 'wanted'"
            ),
        ),
        Index("uq_payment_attempt_gateway_ref", "gateway", "gateway_ref", unique=True),
        Index(
            "ix_payment_attempt_card",
            text("(card ->> 'fingerprint')"),
            postgresql_where=text("card ->> 'fingerprint' IS NOT NULL"),
        ),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    payment_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("payment.id"))
    n: Mapped[int] = mapped_column(Integer)
    gateway_account_id: Mapped[int] = mapped_column(ForeignKey("gateway_account.id"))
    gateway: Mapped[str]
    op_key: Mapped[str] = mapped_column(unique=True)
    state: Mapped[str]
    source: Mapped[str | None] = mapped_column(EncryptedText("payment_attempt.source"))
    saved_method_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("saved_method.id"))
    gateway_ref: Mapped[str | None]
    action: Mapped[str | None] = mapped_column(EncryptedText("payment_attempt.action"))
    returned: Mapped[str | None] = mapped_column(EncryptedText("payment_attempt.returned"))
    return_url: Mapped[str]
    reason: Mapped[str | None]
    gateway_code: Mapped[str | None]
    card: Mapped[dict[str, Any] | None]
    routing: Mapped[list[Any]] = mapped_column(server_default=text("'[]'"))
    # The rule and its version, and what was known of the payment: enough to decide anew by other rules.
    decision: Mapped[dict[str, Any] | None]
    # Every call about it, and those that asked for the money: the first pace look-ups, the second are bounded.
    calls: Mapped[int] = mapped_column(Integer, server_default=text("0"))
    sends: Mapped[int] = mapped_column(Integer, server_default=text("0"))
    claimed_by: Mapped[str | None]
    created_at: Mapped[datetime]
    sent_at: Mapped[datetime | None]
    answered_at: Mapped[datetime | None]
    due_at: Mapped[datetime]
    # What came in where no order could use it; it may be another amount than was asked for.
    received_minor: Mapped[int | None]
    reversal: Mapped[str | None]
    reversal_ref: Mapped[str | None]
    capture_minor: Mapped[int | None]


class GatewayIncident(Base):
    """A call that brought no answer, or a move of a breaker; never changed (PAY-06)."""

    __tablename__ = "gateway_incident"
    __table_args__ = (Index("ix_gateway_incident_at", text("at DESC"), text("id DESC")),)

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    gateway_account_id: Mapped[int] = mapped_column(ForeignKey("gateway_account.id"))
    attempt_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("payment_attempt.id"), index=True)
    kind: Mapped[str]
    code: Mapped[str | None]
    duration_ms: Mapped[int | None] = mapped_column(Integer)
    next: Mapped[str | None]
    at: Mapped[datetime]


class ProviderEvent(Base):
    """A webhook as it came. Handled once by (gateway, event_id), however often it arrives (STR-02)."""

    __tablename__ = "provider_event"
    __table_args__ = (
        Index("uq_provider_event", "gateway", "event_id", unique=True, postgresql_where=text("signature_ok")),
        Index("ix_provider_event_waiting", "due_at", postgresql_where=text("status = 'received'")),
        Index("ix_provider_event_ref", "gateway", "gateway_ref"),
        Index("ix_provider_event_note", "note"),
        Index("ix_provider_event_letter", "gateway", "gateway_ref", postgresql_where=text("note LIKE 'letter:%'")),
        Index("ix_provider_event_refused", "received_at", postgresql_where=text("NOT signature_ok")),
    )

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    gateway: Mapped[str]
    gateway_account_id: Mapped[int | None]
    event_id: Mapped[str]
    kind: Mapped[str]
    gateway_ref: Mapped[str | None]
    signature_ok: Mapped[bool]
    status: Mapped[str]
    effects: Mapped[int] = mapped_column(Integer, server_default=text("0"))
    attempts: Mapped[int] = mapped_column(Integer, server_default=text("0"))
    body: Mapped[str | None] = mapped_column(EncryptedText("provider_event.body"))
    note: Mapped[str | None]
    received_at: Mapped[datetime]
    due_at: Mapped[datetime]
    handled_at: Mapped[datetime | None]


class SavedMethod(Base):
    """A means of payment kept at a gateway; here only what one may show (PAY-14).

    `removal` says how far the gateway has been told that it is to be forgotten.
    """

    __tablename__ = "saved_method"
    __table_args__ = (
        CheckConstraint(
            "removal IN ('wanted', 'done') AND (removal IS NULL OR removed_at IS NOT NULL)", name="removal"
        ),
        Index("ix_saved_method_user_id", "user_id", postgresql_where=text("removed_at IS NULL")),
        Index("uq_saved_method_ref", "gateway_account_id", "ref_index", unique=True),
        Index(
            "uq_saved_method_default",
            "user_id",
            unique=True,
            postgresql_where=text("is_default AND removed_at IS NULL"),
        ),
        Index("ix_saved_method_due", "due_at", postgresql_where=text("removal = 'wanted'")),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("user_account.id"))
    gateway_account_id: Mapped[int] = mapped_column(ForeignKey("gateway_account.id"))
    customer_ref: Mapped[str] = mapped_column(EncryptedText("saved_method.customer_ref"))
    method_ref: Mapped[str] = mapped_column(EncryptedText("saved_method.method_ref"))
    brand: Mapped[str]
    last4: Mapped[str]
    expiry: Mapped[str]
    ref_index: Mapped[bytes]
    is_default: Mapped[bool] = mapped_column(server_default=text("false"))
    created_at: Mapped[datetime]
    removed_at: Mapped[datetime | None]
    removal: Mapped[str | None]
    due_at: Mapped[datetime | None]


class MethodSetup(Base):
    """A card on its way to being kept. `source` is the one-time token, forgotten once the gateway has it."""

    __tablename__ = "method_setup"
    __table_args__ = (
        CheckConstraint("state IN ('created', 'requires_action', 'saved', 'declined', 'given_up')", name="state"),
        CheckConstraint("(state = 'saved') = (saved_method_id IS NOT NULL)", name="saved"),
        Index("ix_method_setup_user_id", "user_id"),
        Index("ix_method_setup_gateway_ref", "gateway_ref"),
        Index("ix_method_setup_due", "due_at", postgresql_where=text("state IN ('created', 'requires_action')")),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("user_account.id"))
    gateway_account_id: Mapped[int] = mapped_column(ForeignKey("gateway_account.id"))
    op_key: Mapped[str] = mapped_column(unique=True)
    state: Mapped[str]
    source: Mapped[str | None] = mapped_column(EncryptedText("method_setup.source"))
    gateway_ref: Mapped[str | None]
    action: Mapped[str | None] = mapped_column(EncryptedText("method_setup.action"))
    reason: Mapped[str | None]
    return_url: Mapped[str]
    locale: Mapped[str]
    saved_method_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("saved_method.id"))
    calls: Mapped[int] = mapped_column(Integer, server_default=text("0"))
    created_at: Mapped[datetime]
    due_at: Mapped[datetime]
