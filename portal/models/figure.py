"""Figures by day: what the dashboards add up, how fresh it is, and the bounds that are watched (ANA-01, ANA-05)."""

import uuid
from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, Integer, text
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


class FigureBound(Base):
    """A bound on a figure, or on each redemption of a kind; `limit_value` in the figure's own steps.

    `watched_at` is up to when single redemptions were looked at.
    """

    __tablename__ = "figure_bound"
    __table_args__ = (
        CheckConstraint("direction IN ('above', 'below', 'change')", name="direction"),
        CheckConstraint("days BETWEEN 1 AND 366 AND limit_value >= 0", name="numbers"),
        Index("ix_figure_bound_open", "id", postgresql_where=text("ended_at IS NULL")),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    measure: Mapped[str]
    direction: Mapped[str]
    limit_value: Mapped[int]
    days: Mapped[int] = mapped_column(Integer)
    currency: Mapped[str]
    channel_id: Mapped[int | None] = mapped_column(ForeignKey("channel.id"))
    store_id: Mapped[int | None] = mapped_column(ForeignKey("store.id"))
    is_shared: Mapped[bool]
    made_by: Mapped[uuid.UUID] = mapped_column(ForeignKey("user_account.id"))
    made_at: Mapped[datetime]
    watched_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]


class FigureAlert(Base):
    """That a figure left its bound, until it came back; or that one redemption was large, which `subject` names."""

    __tablename__ = "figure_alert"
    __table_args__ = (
        Index(
            "uq_figure_alert_open",
            "bound_id",
            unique=True,
            postgresql_where=text("ended_at IS NULL AND subject = ''"),
        ),
        Index("uq_figure_alert_subject", "bound_id", "subject", unique=True, postgresql_where=text("subject <> ''")),
        Index("ix_figure_alert_raised_at", text("raised_at DESC"), text("id DESC")),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    bound_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("figure_bound.id"))
    subject: Mapped[str] = mapped_column(server_default="")
    value: Mapped[int]
    before_value: Mapped[int | None]
    raised_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    seen_at: Mapped[datetime | None]
    seen_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("user_account.id"))
