"""Wishlists: what people would like to buy some day, one list for each on all channels."""

import uuid
from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from portal.db import Base


class Wish(Base):
    """A variant on somebody's list, with its price on the channel where it was wished, and whether it could be had:
    as they were when he last heard of them."""

    __tablename__ = "wish"
    __table_args__ = (
        CheckConstraint("seen_minor >= 0", name="seen"),
        Index("ix_wish_variant_id", "variant_id"),
    )

    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("user_account.id"), primary_key=True)
    variant_id: Mapped[int] = mapped_column(ForeignKey("variant.id"), primary_key=True)
    channel_id: Mapped[int] = mapped_column(ForeignKey("channel.id"))
    seen_minor: Mapped[int]
    was_in_stock: Mapped[bool]
    added_at: Mapped[datetime]
