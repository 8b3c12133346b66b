"""What a channel sells otherwise than the rest of the mall, and what became of changes there (CHN-03)."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, Identity, Index, text
from sqlalchemy.dialects.postgresql import JSONB, ExcludeConstraint
from sqlalchemy.orm import Mapped, mapped_column

from portal.db import Base


class PriceWindow(Base):
    """A price that holds from an instant until another (exclusive), in place of the variant's own on a channel.

    Two of them never overlap: the database refuses it. `began_at` and `ended_at` say when lists have followed.
    """

    __tablename__ = "price_window"
    __table_args__ = (
        CheckConstraint("amount_minor >= 0", name="amount"),
        CheckConstraint("valid_from < valid_until", name="times"),
        ForeignKeyConstraint(
            ["variant_id", "channel_id"], ["price.variant_id", "price.channel_id"], ondelete="CASCADE"
        ),
        ExcludeConstraint(
            ("variant_id", "="),
            ("channel_id", "="),
            (text("tstzrange(valid_from, valid_until)"), "&&"),
            name="ex_price_window_times",
            using="gist",
        ),
        Index("ix_price_window_variant_id", "variant_id", "channel_id", "valid_until"),
        Index("ix_price_window_turns", "valid_from", postgresql_where=text("ended_at IS NULL")),
    )

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    variant_id: Mapped[int]
    channel_id: Mapped[int]
    currency: Mapped[str]
    amount_minor: Mapped[int]
    valid_from: Mapped[datetime]
    valid_until: Mapped[datetime]
    made_by: Mapped[str]
    made_at: Mapped[datetime]
    began_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]


class LocalProduct(Base):
    """A product as a channel tells of it. What is empty is the master's; `own` names what never follows the master.

    With `is_manual` the texts are those of the master's `master_version`, until somebody takes over newer ones.
    """

    __tablename__ = "local_product"
    __table_args__ = (Index("ix_local_product_product_id", "product_id"),)

    channel_id: Mapped[int] = mapped_column(ForeignKey("channel.id"), primary_key=True, autoincrement=False)
    product_id: Mapped[int] = mapped_column(ForeignKey("product.id"), primary_key=True, autoincrement=False)
    name: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    description: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    section_id: Mapped[int | None] = mapped_column(ForeignKey("section.id"))
    own: Mapped[list[str]] = mapped_column(server_default=text("'{}'"))
    is_manual: Mapped[bool] = mapped_column(server_default=text("false"))
    master_version: Mapped[int]
    version: Mapped[int] = mapped_column(server_default=text("1"))
    changed_by: Mapped[str]
    changed_at: Mapped[datetime]


class CatalogueNote(Base):
    """What came to a channel of a product's change, when, and why not. Append-only."""

    __tablename__ = "catalogue_note"
    __table_args__ = (
        CheckConstraint("outcome IN ('applied', 'kept', 'waits', 'not_here')", name="outcome"),
        Index("ix_catalogue_note_channel_id", "channel_id", text("id DESC")),
        Index("ix_catalogue_note_product_id", "product_id", text("id DESC")),
    )

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    channel_id: Mapped[int] = mapped_column(ForeignKey("channel.id"))
    product_id: Mapped[int] = mapped_column(ForeignKey("product.id"))
    what: Mapped[str]
    outcome: Mapped[str]
    detail: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))
    by: Mapped[str]
    at: Mapped[datetime]
