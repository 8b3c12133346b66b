"""What is sold: sections, products, variants, their prices per channel and their stock."""

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Identity, Index, Integer, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from portal.db import Base


class Section(Base):
    """A shelf of the mall, at most two levels deep."""

    __tablename__ = "section"

    id: Mapped[int] = mapped_column(Identity(always=False), primary_key=True)
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("section.id"))
    slug: Mapped[str] = mapped_column(unique=True)
    name: Mapped[dict[str, Any]]
    position: Mapped[int] = mapped_column(Integer, server_default=text("0"))


class Product(Base):
    """Something a store sells, in one or more variants. Texts are {"en": …, "ko": …}.

    `version` counts its changes with those of its variants, prices and pictures; `changed_by` is the last one's label.
    `customs_code` is its place in the tariff (HS), where its store has given one.
    """

    __tablename__ = "product"
    __table_args__ = (
        CheckConstraint("customs_code ~ '^[0-9]{4,10}$'", name="customs_code"),
        CheckConstraint("state IN ('draft', 'active', 'archived')", name="state"),
        Index("ix_product_section_id", "section_id", "id"),
        Index("ix_product_store_id", "store_id", "id"),
    )

    id: Mapped[int] = mapped_column(Identity(always=False), primary_key=True)
    store_id: Mapped[int] = mapped_column(ForeignKey("store.id"))
    section_id: Mapped[int] = mapped_column(ForeignKey("section.id"))
    slug: Mapped[str] = mapped_column(unique=True)
    name: Mapped[dict[str, Any]]
    description: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))
    picture: Mapped[str | None]
    state: Mapped[str] = mapped_column(server_default="active")
    external_ref: Mapped[str | None] = mapped_column(unique=True)
    customs_code: Mapped[str | None]
    version: Mapped[int] = mapped_column(server_default=text("1"))
    changed_by: Mapped[str | None]
    created_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    updated_at: Mapped[datetime] = mapped_column(server_default=text("now()"))


class ProductPicture(Base):
    """One of a product's pictures by its key, in their order; the first is the main one. `alt` is {locale: text}."""

    __tablename__ = "product_picture"

    product_id: Mapped[int] = mapped_column(ForeignKey("product.id"), primary_key=True, autoincrement=False)
    position: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    picture: Mapped[str]
    alt: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))


class Photo(Base):
    """A picture of a store's goods, or a channel's logo, drawn anew before it was kept.

    Never changed: orders show it for ever, and so do mails.
    """

    __tablename__ = "photo"
    __table_args__ = (
        CheckConstraint("num_nonnulls(store_id, channel_id) = 1", name="owner"),
        Index("ix_photo_channel_id", "channel_id", postgresql_where=text("channel_id IS NOT NULL")),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    store_id: Mapped[int | None] = mapped_column(ForeignKey("store.id"))
    channel_id: Mapped[int | None] = mapped_column(ForeignKey("channel.id"))
    kind: Mapped[str]
    content: Mapped[bytes]
    made_by: Mapped[str]
    made_at: Mapped[datetime]


class Variant(Base):
    """One choice of a product: what is priced, stocked and bought. `options` is [{"name": {…}, "value": {…}}]."""

    __tablename__ = "variant"
    __table_args__ = (
        CheckConstraint("state IN ('active', 'archived')", name="state"),
        Index("ix_variant_product_id", "product_id", "position"),
    )

    id: Mapped[int] = mapped_column(Identity(always=False), primary_key=True)
    product_id: Mapped[int] = mapped_column(ForeignKey("product.id"))
    sku: Mapped[str] = mapped_column(unique=True)
    options: Mapped[list[Any]] = mapped_column(server_default=text("'[]'"))
    picture: Mapped[str | None]
    position: Mapped[int] = mapped_column(Integer, server_default=text("0"))
    state: Mapped[str] = mapped_column(server_default="active")


class Price(Base):
    """What a variant costs on a channel; without a row, or while `is_off`, it is not sold there.

    What it costs at a moment is read from the view `price_now`, which knows of windows.
    """

    __tablename__ = "price"
    __table_args__ = (
        CheckConstraint("amount_minor >= 0", name="amount"),
        CheckConstraint("compare_at_minor > amount_minor", name="compare_at"),
    )

    variant_id: Mapped[int] = mapped_column(ForeignKey("variant.id"), primary_key=True)
    channel_id: Mapped[int] = mapped_column(ForeignKey("channel.id"), primary_key=True)
    currency: Mapped[str]
    amount_minor: Mapped[int]
    compare_at_minor: Mapped[int | None]
    is_off: Mapped[bool] = mapped_column(server_default=text("false"))


class Listing(Base):
    """A product as a channel lists it: derived from variants and prices, renewed with them, and indexed for search.

    `name` is the channel's own, where it has one.
    """

    __tablename__ = "listing"
    __table_args__ = (
        Index("ix_listing_channel_section", "channel_id", "section_id", "product_id"),
        Index("ix_listing_channel_store", "channel_id", "store_id", "product_id"),
        Index("ix_listing_channel_price", "channel_id", "price_from_minor", "product_id"),
        Index(
            "ix_listing_search", "search_text", postgresql_using="gin", postgresql_ops={"search_text": "gin_trgm_ops"}
        ),
    )

    channel_id: Mapped[int] = mapped_column(ForeignKey("channel.id"), primary_key=True)
    product_id: Mapped[int] = mapped_column(ForeignKey("product.id"), primary_key=True)
    section_id: Mapped[int] = mapped_column(ForeignKey("section.id"))
    store_id: Mapped[int] = mapped_column(ForeignKey("store.id"))
    price_from_minor: Mapped[int]
    price_to_minor: Mapped[int]
    compare_at_minor: Mapped[int | None]
    search_text: Mapped[str]
    name: Mapped[dict[str, Any] | None]


class Stock(Base):
    """Units of a variant at a place. What may be sold is on_hand - reserved - safety.

    At `alert_at` or less for sale its store is told, once for each time that it falls there; `low_since` says so.
    `version` counts the changes of all but `reserved`. `set_aside` is {channel id: {"kept": units, "floor": units,
    "said": units}}: units that only this channel sells, what it leaves on the shelf, and how many its store kept for it
    when it last said so; null where every channel sells all.
    """

    __tablename__ = "stock"
    __table_args__ = (
        CheckConstraint("on_hand >= 0", name="on_hand"),
        CheckConstraint("reserved >= 0 AND reserved <= on_hand", name="reserved"),
        CheckConstraint("safety >= 0", name="safety"),
        CheckConstraint("alert_at >= 0", name="alert_at"),
        Index("ix_stock_watched", "variant_id", postgresql_where=text("alert_at IS NOT NULL")),
    )

    variant_id: Mapped[int] = mapped_column(ForeignKey("variant.id"), primary_key=True)
    place: Mapped[str] = mapped_column(primary_key=True, server_default="main")
    on_hand: Mapped[int] = mapped_column(Integer)
    reserved: Mapped[int] = mapped_column(Integer, server_default=text("0"))
    initial: Mapped[int] = mapped_column(Integer)
    safety: Mapped[int] = mapped_column(Integer, server_default=text("0"))
    alert_at: Mapped[int | None] = mapped_column(Integer)
    low_since: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(server_default=text("1"))
    set_aside: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))


class StockMove(Base):
    """Why on_hand changed, and by whom: initial + the sum of moves = on_hand."""

    __tablename__ = "stock_move"
    __table_args__ = (
        CheckConstraint("delta <> 0", name="delta"),
        Index("uq_stock_move_sale", "order_line_id", unique=True, postgresql_where=text("reason = 'sale'")),
        Index("ix_stock_move_variant_id", "variant_id", "id"),
        Index(
            "uq_stock_move_return_unit",
            "return_unit_id",
            "reason",
            unique=True,
            postgresql_where=text("return_unit_id IS NOT NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    variant_id: Mapped[int] = mapped_column(ForeignKey("variant.id"))
    place: Mapped[str] = mapped_column(server_default="main")
    delta: Mapped[int] = mapped_column(Integer)
    reason: Mapped[str]
    order_line_id: Mapped[uuid.UUID | None]
    return_unit_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("return_unit.id"))
    at: Mapped[datetime]
    made_by: Mapped[str | None]
    note: Mapped[str | None]


class Reservation(Base):
    """Units kept for an open order until it is paid, given up or out of time; `set_aside` of them its channel's own."""

    __tablename__ = "reservation"
    __table_args__ = (
        CheckConstraint("quantity > 0", name="quantity"),
        CheckConstraint("set_aside BETWEEN 0 AND quantity", name="set_aside"),
        CheckConstraint("status IN ('active', 'used', 'released', 'expired')", name="status"),
        Index("ix_reservation_order_id", "order_id"),
        Index("ix_reservation_active", "variant_id", "place", postgresql_where=text("status = 'active'")),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    order_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("orders.id"))
    variant_id: Mapped[int] = mapped_column(ForeignKey("variant.id"))
    place: Mapped[str] = mapped_column(server_default="main")
    quantity: Mapped[int] = mapped_column(Integer)
    set_aside: Mapped[int] = mapped_column(Integer, server_default=text("0"))
    status: Mapped[str] = mapped_column(server_default="active")
    expires_at: Mapped[datetime]
