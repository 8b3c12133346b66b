"""Times in which changes came late to other channels (CHN-08)."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Identity, Index, Integer, text
from sqlalchemy.orm import Mapped, mapped_column

from portal.db import Base


class LagIncident(Base):
    """From when to when changes of a channel were late, and how late at worst; without one, those of the house."""

    __tablename__ = "lag_incident"
    __table_args__ = (
        CheckConstraint("cause IN ('redis', 'relay', 'load')", name="cause"),
        Index(
            "uq_lag_incident_open",
            text("coalesce(channel_id, 0)"),
            unique=True,
            postgresql_where=text("closed_at IS NULL"),
        ),
        Index("ix_lag_incident_opened_at", "opened_at"),
    )

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    channel_id: Mapped[int | None] = mapped_column(ForeignKey("channel.id"))
    cause: Mapped[str]
    late: Mapped[int] = mapped_column(Integer)
    worst_ms: Mapped[int]
    opened_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]
