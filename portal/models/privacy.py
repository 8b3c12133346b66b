"""Privacy: choices about marketing and analysis, exports, erasures, and how long records are kept (IDN-06)."""

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Identity, Index, Integer, text
from sqlalchemy.orm import Mapped, mapped_column

from portal.crypto import EncryptedText
from portal.db import Base


class ConsentChoice(Base):
    """That somebody agreed to one purpose on one channel, or took it back; the newest row counts, none is ever changed.

    `version` is that of the text which he saw; `channel_id` is None for purposes that are the same everywhere.
    """

    __tablename__ = "consent_choice"
    __table_args__ = (Index("ix_consent_choice_user_id", "user_id", "purpose", "channel_id", text("id DESC")),)

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("user_account.id"))
    purpose: Mapped[str]
    channel_id: Mapped[int | None] = mapped_column(ForeignKey("channel.id"))
    is_given: Mapped[bool]
    version: Mapped[str]
    source: Mapped[str]
    at: Mapped[datetime]


class DataExport(Base):
    """A file with all that is known of a person. `content` is the ZIP in base64, until `expires_at`."""

    __tablename__ = "data_export"
    __table_args__ = (
        CheckConstraint("state IN ('wanted', 'ready', 'gone')", name="state"),
        CheckConstraint("(state = 'ready') = (content IS NOT NULL)", name="content"),
        Index("uq_data_export_wanted", "user_id", unique=True, postgresql_where=text("state = 'wanted'")),
        Index("ix_data_export_user_id", "user_id", text("asked_at DESC")),
        Index("ix_data_export_open", "asked_at", postgresql_where=text("state <> 'gone'")),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("user_account.id"))
    state: Mapped[str]
    asked_at: Mapped[datetime]
    made_at: Mapped[datetime | None]
    expires_at: Mapped[datetime | None]
    size: Mapped[int | None] = mapped_column(Integer)
    content: Mapped[str | None] = mapped_column(EncryptedText("data_export.content"))


class Erasure(Base):
    """The wish to be forgotten: waiting through its days of grace, taken back, or done.

    `gives_up` says that what is left of points and credit may go; `blocked_by` what was in the way at the last try.
    """

    __tablename__ = "erasure"
    __table_args__ = (
        CheckConstraint("state IN ('waiting', 'cancelled', 'done')", name="state"),
        CheckConstraint("(state = 'waiting') = (ended_at IS NULL)", name="ended"),
        Index("uq_erasure_waiting", "user_id", unique=True, postgresql_where=text("state = 'waiting'")),
        Index("ix_erasure_requested_at", text("requested_at DESC"), text("id DESC")),
        Index("ix_erasure_due", "due_at", postgresql_where=text("state = 'waiting'")),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("user_account.id"))
    state: Mapped[str]
    requested_by: Mapped[str]
    reason: Mapped[str | None]
    gives_up: Mapped[bool]
    requested_at: Mapped[datetime]
    due_at: Mapped[datetime]
    blocked_by: Mapped[list[str]] = mapped_column(server_default=text("'{}'"))
    ended_at: Mapped[datetime | None]
    ended_by: Mapped[str | None]


class RetentionRule(Base):
    """How many days records of one kind are kept, where that is not what rules/retention.py says."""

    __tablename__ = "retention_rule"
    __table_args__ = (CheckConstraint("days BETWEEN 1 AND 36500", name="days"),)

    kind: Mapped[str] = mapped_column(primary_key=True)
    days: Mapped[int] = mapped_column(Integer)
    reason: Mapped[str]
    changed_by: Mapped[uuid.UUID] = mapped_column(ForeignKey("user_account.id"))
    changed_at: Mapped[datetime]


class RetentionRun(Base):
    """One look at what is too old: how many rows of each kind went, or would have gone. Never changed."""

    __tablename__ = "retention_run"
    __table_args__ = (Index("ix_retention_run_at", text("at DESC"), text("id DESC")),)

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    at: Mapped[datetime]
    by: Mapped[str]
    is_dry: Mapped[bool]
    counts: Mapped[dict[str, Any]]
