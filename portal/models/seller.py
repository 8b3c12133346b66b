"""Stores: the sellers of the mall."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, Identity, text
from sqlalchemy.orm import Mapped, mapped_column

from portal.db import Base


class Store(Base):
    """A seller. `shipping` maps a currency to {"fee": minor, "free_over": minor or null, "days": [min, max]}."""

    __tablename__ = "store"
    __table_args__ = (
        CheckConstraint("commission_basis_points BETWEEN 0 AND 10000", name="commission"),
        CheckConstraint("payout_period IN ('weekly', 'monthly')", name="payout_period"),
    )

    id: Mapped[int] = mapped_column(Identity(always=False), primary_key=True)
    slug: Mapped[str] = mapped_column(unique=True)
    name: Mapped[dict[str, Any]]
    description: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))
    picture: Mapped[str | None]
    country: Mapped[str] = mapped_column(server_default="KR")
    state: Mapped[str] = mapped_column(server_default="open")
    shipping: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))
    commission_basis_points: Mapped[int] = mapped_column(server_default=text("1000"))
    payout_period: Mapped[str] = mapped_column(server_default="monthly")
    external_ref: Mapped[str | None] = mapped_column(unique=True)
    created_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
