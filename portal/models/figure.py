"""Figures by day: what the dashboards add up, and how fresh it is (ANA-01)."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from portal.db import Base


class FigureDay(Base):
    """A fact of one day. Channel and store are 0, currency and key empty, where the fact has none.

    Derived from orders, payments and books, and renewed from them: nothing else reads a decision here.
    """

    __tablename__ = "figure_day"
    __table_args__ = (Index("ix_figure_day_day", "day"),)

    fact: Mapped[str] = mapped_column(primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    channel_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    store_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    currency: Mapped[str] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[int]


class FigureState(Base):
    """The one row that says up to when the figures are true, and how the last proof against the rows went."""

    __tablename__ = "figure_state"
    __table_args__ = (CheckConstraint("id = 1", name="one"),)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    transition_id: Mapped[int] = mapped_column(server_default=text("0"))
    renewed_at: Mapped[datetime | None]
    proved_at: Mapped[datetime | None]
    proved_differences: Mapped[int] = mapped_column(server_default=text("0"))
