"""Lists as files: what was asked for, how far it is, and the file in pieces until it goes (ANA-03)."""

import uuid
from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, Integer, text
from sqlalchemy.orm import Mapped, mapped_column

from portal.crypto import EncryptedText
from portal.db import Base


class ReportPlan(Base):
    """A report that somebody wants regularly; it is made in his name, by the calendar of `zone`.

    Figures of a board come as a mail: in one currency, of one channel or of all, or those of a store.
    """

    __tablename__ = "report_plan"
    __table_args__ = (
        CheckConstraint("every IN ('day', 'week', 'month')", name="every"),
        CheckConstraint("format IN ('csv', 'xlsx', 'pdf', 'mail')", name="format"),
        CheckConstraint("num_nulls(board, currency) = CASE format WHEN 'mail' THEN 0 ELSE 2 END", name="sight"),
        CheckConstraint("(store_id IS NOT NULL) = (coalesce(board, '') = 'store')", name="store"),
        Index("ix_report_plan_due", "next_at", postgresql_where=text("ended_at IS NULL")),
        Index(
            "uq_report_plan_sight",
            "made_by",
            "board",
            "currency",
            text("coalesce(channel_id, 0)"),
            text("coalesce(store_id, 0)"),
            unique=True,
            postgresql_where=text("ended_at IS NULL AND board IS NOT NULL"),
        ),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    report: Mapped[str]
    format: Mapped[str]
    every: Mapped[str]
    locale: Mapped[str]
    zone: Mapped[str]
    board: Mapped[str | None]
    currency: Mapped[str | None]
    channel_id: Mapped[int | None] = mapped_column(ForeignKey("channel.id"))
    store_id: Mapped[int | None] = mapped_column(ForeignKey("store.id"))
    made_by: Mapped[uuid.UUID] = mapped_column(ForeignKey("user_account.id"))
    made_at: Mapped[datetime]
    next_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]


class ListExport(Base):
    """A list that somebody wants as a file. `chosen` is its filter, `cursor` the last row read, `worker` who is at it.

    Rows are read into pieces first, so that whoever takes it up goes on where the last one stopped; then they are
    written as one file.
    """

    __tablename__ = "list_export"
    __table_args__ = (
        CheckConstraint("state IN ('wanted', 'reading', 'writing', 'ready', 'failed', 'gone')", name="state"),
        CheckConstraint("format IN ('csv', 'xlsx', 'pdf')", name="format"),
        CheckConstraint(
            "state <> 'ready' OR num_nulls(made_at, expires_at, size, sha256, signature) = 0", name="ready"
        ),
        Index("ix_list_export_asked_at", text("asked_at DESC"), text("id DESC")),
        Index("ix_list_export_open", "worked_at", postgresql_where=text("state IN ('wanted', 'reading', 'writing')")),
        Index("ix_list_export_expires_at", "expires_at", postgresql_where=text("state = 'ready'")),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    listing: Mapped[str]
    format: Mapped[str]
    name: Mapped[str]
    locale: Mapped[str]
    chosen: Mapped[str] = mapped_column(EncryptedText("list_export.chosen"))
    made_by: Mapped[uuid.UUID] = mapped_column(ForeignKey("user_account.id"))
    plan_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("report_plan.id"))
    state: Mapped[str]
    total: Mapped[int | None]
    done: Mapped[int] = mapped_column(server_default=text("0"))
    pieces: Mapped[int] = mapped_column(Integer, server_default=text("0"))
    cursor: Mapped[str | None]
    worker: Mapped[uuid.UUID | None]
    tries: Mapped[int] = mapped_column(Integer, server_default=text("0"))
    asked_at: Mapped[datetime]
    worked_at: Mapped[datetime]
    made_at: Mapped[datetime | None]
    expires_at: Mapped[datetime | None]
    size: Mapped[int | None]
    sha256: Mapped[str | None]
    signature: Mapped[str | None]


class ListExportPiece(Base):
    """A piece of the rows read (`rows`), or of the file (`file`): packed, in base64."""

    __tablename__ = "list_export_piece"
    __table_args__ = (CheckConstraint("part IN ('rows', 'file')", name="part"),)

    export_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("list_export.id"), primary_key=True)
    part: Mapped[str] = mapped_column(primary_key=True)
    n: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    content: Mapped[str] = mapped_column(EncryptedText("list_export_piece.content"))
