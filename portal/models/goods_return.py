"""Goods that come back, are exchanged, or never arrived as they should: one case per request, one row per unit."""

import uuid
from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, Integer, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from portal.crypto import EncryptedText
from portal.db import Base


class GoodsReturn(Base):
    """What a buyer (or a store, for a claim) wants done about units of one part.

    `wish` is refund, exchange or resend; `way_back` says who pays for sending it back: buyer, store, or nobody for a
    claim, whose goods do not come back. `answer_by` is until when the store answers, `send_by` until when the buyer
    sends. `replacement_id` is the parcel that went out in exchange, or once more. `otherwise` is where money goes whose
    own way is closed.
    """

    __tablename__ = "goods_return"
    __table_args__ = (
        CheckConstraint("kind IN ('return', 'exchange', 'claim')", name="kind"),
        CheckConstraint("wish IN ('refund', 'exchange', 'resend')", name="wish"),
        CheckConstraint("way_back IN ('buyer', 'store', 'nobody')", name="way_back"),
        CheckConstraint("(kind = 'claim') = (shipment_id IS NOT NULL)", name="claim"),
        Index("ix_goods_return_order_id", "order_id"),
        Index("ix_goods_return_part_id", "part_id"),
        Index("ix_goods_return_requested_at", text("requested_at DESC"), text("id DESC")),
        Index("ix_goods_return_store_id", "store_id", "status", text("requested_at DESC"), text("id DESC")),
        Index(
            "ix_goods_return_pay_by",
            "pay_by",
            postgresql_where=text("pay_by IS NOT NULL AND more_entry_id IS NULL"),
        ),
        Index("ix_goods_return_send_by", "send_by", postgresql_where=text("status = 'approved'")),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(unique=True)
    order_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("orders.id"))
    part_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("order_part.id"))
    store_id: Mapped[int] = mapped_column(ForeignKey("store.id"))
    buyer_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("user_account.id"))
    kind: Mapped[str]
    wish: Mapped[str]
    reason: Mapped[str]
    note: Mapped[str | None]
    way_back: Mapped[str]
    otherwise: Mapped[str]
    status: Mapped[str]
    idem_key: Mapped[str] = mapped_column(unique=True)
    shipment_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("shipment.id"))
    requested_by: Mapped[str]
    requested_at: Mapped[datetime]
    answer_by: Mapped[datetime]
    decided_by: Mapped[str | None]
    decided_at: Mapped[datetime | None]
    answer: Mapped[str | None]
    send_by: Mapped[datetime | None]
    # Where its buyer sends it, as the store said when it agreed.
    return_to: Mapped[str | None]
    carrier: Mapped[str | None]
    tracking_number: Mapped[str | None]
    sent_at: Mapped[datetime | None]
    received_at: Mapped[datetime | None]
    inspected_at: Mapped[datetime | None]
    inspection_note: Mapped[str | None]
    # With whom what was not taken went back to its buyer.
    back_carrier: Mapped[str | None]
    back_number: Mapped[str | None]
    carrier_liable: Mapped[bool | None]
    refund_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("refund.id"))
    replacement_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("shipment.id"), unique=True)
    # Until when the difference is to be paid where what goes out costs more, and its entry in the books once it is.
    pay_by: Mapped[datetime | None]
    more_entry_id: Mapped[int | None]
    closed_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(Integer, server_default=text("1"))


class ReturnUnit(Base):
    """One unit of a line in a case; `n` tells units of a line apart. `variant_id` is what goes out in its stead.

    `was_minor` and `is_minor` are what one and the other cost when an exchange was asked for.
    `restocked` says that it stands on the shelf again; the stock move that did it names this unit, and can be only one.
    """

    __tablename__ = "return_unit"
    __table_args__ = (
        CheckConstraint("n > 0", name="n"),
        CheckConstraint("is_minor >= 0 AND was_minor >= 0", name="prices"),
        CheckConstraint("condition IN ('new', 'opened', 'damaged')", name="condition"),
        UniqueConstraint("return_id", "line_id", "n", name="uq_return_unit_return_id_line_id_n"),
        Index("ix_return_unit_line_id", "line_id"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    return_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("goods_return.id"))
    line_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("order_line.id"))
    n: Mapped[int] = mapped_column(Integer)
    state: Mapped[str]
    variant_id: Mapped[int | None] = mapped_column(ForeignKey("variant.id"))
    was_minor: Mapped[int | None]
    is_minor: Mapped[int | None]
    # What goes out costs more: all that is to be paid, the tax in it that is added to prices, when it went back.
    more_minor: Mapped[int | None]
    more_tax_minor: Mapped[int | None]
    more_back_at: Mapped[datetime | None]
    condition: Mapped[str | None]
    restocked: Mapped[bool] = mapped_column(server_default=text("false"))
    # It is to stand there once its refund is agreed to.
    to_restock: Mapped[bool] = mapped_column(server_default=text("false"))


class ReturnPayment(Base):
    """Which exchange a payment was begun for."""

    __tablename__ = "return_payment"
    __table_args__ = (Index("ix_return_payment_return_id", "return_id"),)

    payment_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("payment.id"), primary_key=True)
    return_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("goods_return.id"))


class ReturnPicture(Base):
    """A picture that shows why, drawn anew before it was kept; `content` in base64."""

    __tablename__ = "return_picture"
    __table_args__ = (Index("ix_return_picture_return_id", "return_id"),)

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    return_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("goods_return.id"))
    position: Mapped[int] = mapped_column(Integer)
    name: Mapped[str] = mapped_column(EncryptedText("return_picture.name"))
    kind: Mapped[str]
    content: Mapped[str] = mapped_column(EncryptedText("return_picture.content"))
