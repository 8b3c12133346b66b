"""Orders: one for the buyer, one part per seller, lines frozen as they were bought."""

import uuid
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Identity, Index, Integer, Numeric, text
from sqlalchemy.orm import Mapped, mapped_column

from portal.crypto import EncryptedText
from portal.db import Base

# States of a part that its seller has still to send.
TO_SEND = ("released", "accepted", "packed")
# In which somebody still has to do something: few of all that there ever were.
UNDER_WAY = ("held", *TO_SEND, "shipped", "returning")


class Order(Base):
    """What a buyer bought in one checkout. Total = subtotal - discount + shipping + tax added = all tenders."""

    __tablename__ = "orders"
    __table_args__ = (
        CheckConstraint(
            "payable_minor = subtotal_minor - discount_minor + shipping_minor + tax_added_minor", name="total"
        ),
        CheckConstraint("subtotal_minor >= 0 AND discount_minor >= 0 AND payable_minor >= 0", name="not_negative"),
        CheckConstraint(
            "num_nulls(platform_currency, platform_minor, fx_rate, fx_source, fx_as_of) IN (0, 5)", name="fx"
        ),
        Index("ix_orders_buyer_id", "buyer_id", text("placed_at DESC")),
        Index("ix_orders_placed_at", text("placed_at DESC"), text("id DESC")),
        Index("ix_orders_amount", text("coalesce(platform_minor, payable_minor) DESC"), text("id DESC")),
        Index("ix_orders_state", "status", text("placed_at DESC"), text("id DESC")),
        Index(
            "ix_orders_state_amount", "status", text("coalesce(platform_minor, payable_minor) DESC"), text("id DESC")
        ),
        Index("ix_orders_open", "expires_at", postgresql_where=text("status = 'pending'")),
        Index("ix_orders_marks", "marks", postgresql_using="gin"),
        Index("ix_orders_unmarked", "id", postgresql_where=text("marks IS NULL")),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(unique=True)
    checkout_id: Mapped[uuid.UUID] = mapped_column(unique=True)
    buyer_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("user_account.id"))
    channel_id: Mapped[int] = mapped_column(ForeignKey("channel.id"))
    currency: Mapped[str]
    locale: Mapped[str]
    status: Mapped[str]
    subtotal_minor: Mapped[int]
    discount_minor: Mapped[int]
    shipping_minor: Mapped[int]
    tax_added_minor: Mapped[int]
    tax_included_minor: Mapped[int]
    payable_minor: Mapped[int]
    # None in orders of the time when shipping bore the rate of the goods.
    shipping_tax_rate: Mapped[str | None]
    # What it costs in the platform's currency, where that is another one, at the rate that the buyer saw (CAT-04).
    platform_currency: Mapped[str | None]
    platform_minor: Mapped[int | None]
    fx_rate: Mapped[Decimal | None] = mapped_column(Numeric)
    fx_source: Mapped[str | None]
    fx_as_of: Mapped[datetime | None]
    mileage_promised: Mapped[int] = mapped_column(server_default=text("0"))
    # By which versions of the rules of mileage and tiers, in which tier, and which cap lowered it (BAL-04).
    loyalty: Mapped[dict[str, Any] | None]
    contact: Mapped[str | None] = mapped_column(EncryptedText("orders.contact"))
    address: Mapped[str | None] = mapped_column(EncryptedText("orders.address"))
    # The country of the address; None where it is the channel's, as it always was before channels delivered abroad.
    deliver_to: Mapped[str | None]
    # By which it is found though contact and address are encrypted: see services/mark_people.py.
    marks: Mapped[list[str] | None]
    cart: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))
    risk_score: Mapped[int | None] = mapped_column(Integer)
    fraud_hold: Mapped[bool] = mapped_column(server_default=text("false"))
    session_id: Mapped[uuid.UUID | None]
    external_ref: Mapped[str | None] = mapped_column(unique=True)
    placed_at: Mapped[datetime]
    paid_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    expires_at: Mapped[datetime]
    version: Mapped[int] = mapped_column(server_default=text("1"))


class OrderPart(Base):
    """One seller's part of an order: what he sees, ships and is paid for."""

    __tablename__ = "order_part"
    __table_args__ = (
        Index("ix_order_part_store", "store_id", "status", text("placed_at DESC"), text("id DESC")),
        Index("ix_order_part_store_all", "store_id", text("placed_at DESC"), text("id DESC")),
        Index("ix_order_part_store_due", "store_id", text("coalesce(deliver_until, placed_at) DESC"), text("id DESC")),
        Index(
            "ix_order_part_store_accept",
            "store_id",
            text("coalesce(accept_by, placed_at) DESC"),
            text("id DESC"),
            postgresql_where=text("status = 'released'"),
        ),
        Index(
            "ix_order_part_store_send",
            "store_id",
            text("coalesce(ship_by, placed_at) DESC"),
            text("id DESC"),
            postgresql_where=text(f"status IN {TO_SEND}"),
        ),
        Index(
            "ix_order_part_store_amount",
            "store_id",
            text("coalesce(platform_minor, payable_minor) DESC"),
            text("id DESC"),
        ),
        Index("ix_order_part_order_id", "order_id"),
        Index(
            "ix_order_part_mileage_due",
            "mileage_due_at",
            postgresql_where=text("mileage_matured_at IS NULL AND status IN ('shipped', 'delivered', 'closed')"),
        ),
        Index("ix_order_part_to_close", "mileage_matured_at", postgresql_where=text("status = 'delivered'")),
        Index("ix_order_part_delivered_at", "delivered_at", postgresql_where=text("delivered_at IS NOT NULL")),
        Index("ix_order_part_open", "status", postgresql_where=text(f"status IN {UNDER_WAY}")),
        Index(
            "ix_order_part_cancelled",
            "store_id",
            text("placed_at DESC"),
            text("id DESC"),
            postgresql_where=text("status = 'cancelled' AND released_at IS NOT NULL"),
        ),
        Index("ix_order_part_to_send", "ship_by", postgresql_where=text(f"status IN {TO_SEND}")),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    order_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("orders.id"))
    store_id: Mapped[int] = mapped_column(ForeignKey("store.id"))
    position: Mapped[int] = mapped_column(Integer)
    status: Mapped[str]
    subtotal_minor: Mapped[int]
    discount_minor: Mapped[int]
    shipping_fee_minor: Mapped[int]
    shipping_discount_minor: Mapped[int]
    tax_added_minor: Mapped[int]
    payable_minor: Mapped[int]
    # In the platform's currency at the rate that the order has kept; None where it is in that currency.
    platform_minor: Mapped[int | None]
    commission_basis_points: Mapped[int]
    deliver_from: Mapped[datetime | None]
    deliver_until: Mapped[datetime | None]
    placed_at: Mapped[datetime]
    released_at: Mapped[datetime | None]
    # Until when its seller should confirm and send it; a hold moves both on (ORD-11).
    accept_by: Mapped[datetime | None]
    ship_by: Mapped[datetime | None]
    shipped_at: Mapped[datetime | None]
    delivered_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    # When its points are looked at next, and when they could be spent: for a part that promises none, at once (BAL-05).
    mileage_due_at: Mapped[datetime | None]
    mileage_matured_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(server_default=text("1"))


class OrderLine(Base):
    """Units of one variant as bought: name, options, price, discount and tax of that moment."""

    __tablename__ = "order_line"
    __table_args__ = (
        CheckConstraint("quantity > 0", name="quantity"),
        CheckConstraint("subtotal_minor = unit_price_minor * quantity", name="subtotal"),
        CheckConstraint("discount_minor BETWEEN 0 AND subtotal_minor", name="discount"),
        CheckConstraint("refunded_quantity BETWEEN 0 AND quantity", name="refunded_quantity"),
        CheckConstraint("shipped_quantity BETWEEN 0 AND quantity", name="shipped_quantity"),
        Index("ix_order_line_order_id", "order_id"),
        Index("ix_order_line_part_id", "part_id"),
        Index("ix_order_line_product_id", "product_id", "part_id"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    order_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("orders.id"))
    part_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("order_part.id"))
    position: Mapped[int] = mapped_column(Integer)
    variant_id: Mapped[int] = mapped_column(ForeignKey("variant.id"))
    product_id: Mapped[int] = mapped_column(ForeignKey("product.id"))
    sku: Mapped[str]
    name: Mapped[dict[str, Any]]
    options: Mapped[list[Any]]
    picture: Mapped[str | None]
    quantity: Mapped[int] = mapped_column(Integer)
    unit_price_minor: Mapped[int]
    subtotal_minor: Mapped[int]
    discount_minor: Mapped[int]
    tax_rate: Mapped[str]
    tax_inclusive: Mapped[bool]
    tax_minor: Mapped[int]
    payable_minor: Mapped[int]
    mileage_promised: Mapped[int] = mapped_column(server_default=text("0"))
    refunded_quantity: Mapped[int] = mapped_column(Integer, server_default=text("0"))
    shipped_quantity: Mapped[int] = mapped_column(Integer, server_default=text("0"))
    refunded_minor: Mapped[int] = mapped_column(server_default=text("0"))
    # Of the tax and of what the platform gives: what went with units that were exchanged for something cheaper.
    tax_less_minor: Mapped[int] = mapped_column(server_default=text("0"))
    platform_less_minor: Mapped[int] = mapped_column(server_default=text("0"))


class DiscountShare(Base):
    """How much of one coupon use a line or a part's shipping fee bears; fixed when the order is placed.

    `platform_minor` is what the platform gives of it, the rest is its seller's (CPN-15); where it is null, by the
    campaign's funding. `asked_minor` was asked back, because what is kept does not meet the coupon's minimum (REF-05);
    `asked_platform_minor` of it for the platform.
    """

    __tablename__ = "discount_share"
    __table_args__ = (
        CheckConstraint("(line_id IS NULL) <> (part_id IS NULL)", name="target"),
        CheckConstraint("amount_minor >= 0", name="amount"),
        CheckConstraint("platform_minor BETWEEN 0 AND amount_minor", name="platform"),
        CheckConstraint(
            "asked_minor BETWEEN 0 AND amount_minor AND asked_platform_minor BETWEEN 0 AND asked_minor", name="asked"
        ),
        Index("ix_discount_share_coupon_use_id", "coupon_use_id"),
        Index("ix_discount_share_order_id", "order_id"),
    )

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    order_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("orders.id"))
    coupon_use_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("coupon_use.id"))
    line_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("order_line.id"))
    part_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("order_part.id"))
    amount_minor: Mapped[int]
    platform_minor: Mapped[int | None]
    asked_minor: Mapped[int] = mapped_column(server_default=text("0"))
    asked_platform_minor: Mapped[int] = mapped_column(server_default=text("0"))


class Transition(Base):
    """One recorded move of a state machine (ORD-12). `subject` is the table's noun, `subject_id` its key as text."""

    __tablename__ = "transition"
    __table_args__ = (
        Index("ix_transition_subject", "subject", "subject_id", "id"),
        Index("ix_transition_order_id", "order_id", "id"),
        # What the labels of risk look for: few of many million.
        Index("ix_transition_refused", "order_id", postgresql_where=text("reason = 'risk_refused'")),
    )

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    subject: Mapped[str]
    subject_id: Mapped[str]
    order_id: Mapped[uuid.UUID | None]
    from_state: Mapped[str | None]
    to_state: Mapped[str]
    actor: Mapped[str]
    reason: Mapped[str | None]
    at: Mapped[datetime]


class OrderHold(Base):
    """A reason why a seller's part may not go on; any open hold blocks label, shipment and payout."""

    __tablename__ = "order_hold"
    __table_args__ = (
        CheckConstraint("kind IN ('fraud', 'payment', 'seller', 'admin')", name="kind"),
        Index("ix_order_hold_part_id", "part_id", postgresql_where=text("released_at IS NULL")),
        Index("ix_order_hold_risk", "order_id", postgresql_where=text("reason = 'high_risk'")),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    order_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("orders.id"), index=True)
    part_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("order_part.id"))
    kind: Mapped[str]
    reason: Mapped[str]
    note: Mapped[str | None]
    placed_by: Mapped[str]
    placed_at: Mapped[datetime]
    released_by: Mapped[str | None]
    released_at: Mapped[datetime | None]
