"""Rates of tax of channels and their sections, each from a moment on (ORD-13)."""

import uuid
from datetime import datetime
from decimal import Decimal

from sqlalchemy import CheckConstraint, ForeignKey, Identity, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from portal.db import Base


class TaxRate(Base):
    """What goods of a section bear on a channel from `valid_from` on; without a section all others, and shipping.

    Never changed; one that has not begun can be withdrawn. Where none has begun, the rate counts with which the
    channel was made. `inclusive` goes with the rate of the whole channel.
    """

    __tablename__ = "tax_rate"
    __table_args__ = (
        CheckConstraint("rate BETWEEN 0 AND 1", name="rate"),
        CheckConstraint("(section_id IS NULL) = (inclusive IS NOT NULL)", name="inclusive"),
        CheckConstraint("valid_from >= set_at", name="valid_from"),
        CheckConstraint("withdrawn_at < valid_from", name="withdrawn"),
        CheckConstraint("(withdrawn_at IS NULL) = (withdrawn_by IS NULL)", name="withdrawn_by"),
        Index(
            "uq_tax_rate_moment",
            "channel_id",
            text("coalesce(section_id, 0)"),
            "valid_from",
            unique=True,
            postgresql_where=text("withdrawn_at IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    channel_id: Mapped[int] = mapped_column(ForeignKey("channel.id"))
    section_id: Mapped[int | None] = mapped_column(ForeignKey("section.id"))
    rate: Mapped[Decimal]
    inclusive: Mapped[bool | None]
    valid_from: Mapped[datetime]
    note: Mapped[str]
    set_by: Mapped[uuid.UUID] = mapped_column(ForeignKey("user_account.id"))
    set_at: Mapped[datetime]
    withdrawn_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("user_account.id"))
    withdrawn_at: Mapped[datetime | None]
