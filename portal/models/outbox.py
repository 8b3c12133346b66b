"""What is to be done after commit: events written with the change they tell of."""

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import Identity, Index, Integer, text
from sqlalchemy.orm import Mapped, mapped_column

from portal.db import Base


class OutboxEvent(Base):
    """A fact that others must hear of. It is handled, or it waits with a due time, which a lease moves.

    `told_at` is when open pages were told first.
    """

    __tablename__ = "outbox_event"
    __table_args__ = (
        Index("ix_outbox_event_waiting", "due_at", "id", postgresql_where=text("handled_at IS NULL")),
        Index("ix_outbox_event_subject", "subject"),
        Index("uq_outbox_event_dedup_key", "dedup_key", unique=True),
    )

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    kind: Mapped[str]
    version: Mapped[int] = mapped_column(Integer, server_default=text("1"))
    subject: Mapped[str]
    channel_id: Mapped[int | None]
    profile_id: Mapped[uuid.UUID | None]
    dedup_key: Mapped[str | None]
    payload: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))
    priority: Mapped[str] = mapped_column(server_default="normal")
    attempts: Mapped[int] = mapped_column(Integer, server_default=text("0"))
    created_at: Mapped[datetime]
    due_at: Mapped[datetime]
    told_at: Mapped[datetime | None]
    handled_at: Mapped[datetime | None]
    last_error: Mapped[str | None]
