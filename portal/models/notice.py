"""Notices: the bell in the page, and mails with their log."""

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, Integer, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from portal.crypto import EncryptedText
from portal.db import Base


class Notice(Base):
    """A line behind somebody's bell. `kind` and `params` are put into words in the reader's language."""

    __tablename__ = "notice"
    __table_args__ = (
        UniqueConstraint("user_id", "dedup_key"),
        Index("ix_notice_user_id", "user_id", text("created_at DESC")),
        Index("ix_notice_unread", "user_id", postgresql_where=text("read_at IS NULL")),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    user_id: Mapped[uuid.UUID]
    kind: Mapped[str]
    params: Mapped[dict[str, Any]]
    path: Mapped[str]
    dedup_key: Mapped[str]
    created_at: Mapped[datetime]
    read_at: Mapped[datetime | None]


class NoticePreference(Base):
    """What somebody chose of his notices; without a row all of it comes at once. `digest_at` is when the next digest
    is due, where he wants one; it counts what came since `digested_at`."""

    __tablename__ = "notice_preference"
    __table_args__ = (
        CheckConstraint(
            "num_nulls(quiet_from, quiet_until) IN (0, 2) AND quiet_from BETWEEN 0 AND 23"
            " AND quiet_until BETWEEN 0 AND 23",
            name="quiet",
        ),
        Index("ix_notice_preference_digest_at", "digest_at", postgresql_where=text("digest_at IS NOT NULL")),
    )

    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("user_account.id"), primary_key=True)
    choices: Mapped[dict[str, Any]]
    quiet_from: Mapped[int | None] = mapped_column(Integer)
    quiet_until: Mapped[int | None] = mapped_column(Integer)
    time_zone: Mapped[str]
    channel_id: Mapped[int] = mapped_column(ForeignKey("channel.id"))
    digested_at: Mapped[datetime]
    digest_at: Mapped[datetime | None]


class Mail(Base):
    """A mail to one person: written once, sent by a worker, kept as the log of what was sent."""

    __tablename__ = "mail"
    __table_args__ = (
        Index("ix_mail_waiting", "due_at", postgresql_where=text("sent_at IS NULL AND given_up_at IS NULL")),
        Index("ix_mail_unsent", "id", postgresql_where=text("sent_at IS NULL")),
        Index("ix_mail_user", "user_id", "id", postgresql_where=text("user_id IS NOT NULL")),
        CheckConstraint("given_up_at IS NULL OR sent_at IS NULL", name="given_up"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    dedup_key: Mapped[str] = mapped_column(unique=True)
    user_id: Mapped[uuid.UUID | None]
    template: Mapped[str]
    recipient: Mapped[str] = mapped_column(EncryptedText("mail.recipient"))
    subject: Mapped[str] = mapped_column(EncryptedText("mail.subject"))
    body: Mapped[str] = mapped_column(EncryptedText("mail.body"))
    html: Mapped[str | None] = mapped_column(EncryptedText("mail.html"))
    # The name of the channel in which it comes; without one it is the mall's.
    sender: Mapped[str | None]
    created_at: Mapped[datetime]
    due_at: Mapped[datetime]
    sent_at: Mapped[datetime | None]
    # Nobody takes it: it is not tried again by itself.
    given_up_at: Mapped[datetime | None]
    attempts: Mapped[int] = mapped_column(Integer, server_default=text("0"))
    last_error: Mapped[str | None]
    document_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("document.id"))
    # Where whoever reads it says that no more of its kind shall come; only mails that advertise have it.
    unsubscribe: Mapped[str | None] = mapped_column(EncryptedText("mail.unsubscribe"))
