"""Exchange rates as they were told; never changed, so that a rate can be looked up for any moment."""

from datetime import datetime
from decimal import Decimal

from sqlalchemy import CheckConstraint, Identity, Index, Numeric, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from portal.db import Base


class ReferenceRate(Base):
    """How many units of `quote` one unit of `base` bought at `as_of`, who said so, and when we heard it."""

    __tablename__ = "fx_rate"
    __table_args__ = (
        CheckConstraint("rate > 0", name="rate"),
        UniqueConstraint("base", "quote", "as_of", "source"),
        Index("ix_fx_rate_quote", "quote", text("as_of DESC")),
    )

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    base: Mapped[str]
    quote: Mapped[str]
    rate: Mapped[Decimal] = mapped_column(Numeric)  # As exactly as it was told.
    as_of: Mapped[datetime]
    source: Mapped[str]
    fetched_at: Mapped[datetime]
