"""Corrections of balances by hand (BAL-07)."""

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Identity, Index, Integer, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from portal.crypto import EncryptedText
from portal.db import Base


class Adjustment(Base):
    """One correction of one kind of balance, for one person or many; carried out line by line, once it is decided."""

    __tablename__ = "adjustment"
    __table_args__ = (
        CheckConstraint("decided_by IS NULL OR decided_by <> made_by OR state = 'cancelled'", name="second"),
        Index("ix_adjustment_made_at", text("made_at DESC"), text("id DESC")),
        Index("ix_adjustment_open", "id", postgresql_where=text("state IN ('running', 'undoing')")),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(unique=True)
    kind: Mapped[str]
    currency: Mapped[str]
    reason: Mapped[str]
    source: Mapped[str]
    campaign_id: Mapped[int | None] = mapped_column(ForeignKey("campaign.id"))
    expires_at: Mapped[datetime | None]
    state: Mapped[str]
    lines: Mapped[int] = mapped_column(Integer)
    refused: Mapped[int] = mapped_column(Integer)
    up_minor: Mapped[int]
    down_minor: Mapped[int]
    needs_second: Mapped[bool]
    made_by: Mapped[uuid.UUID] = mapped_column(ForeignKey("user_account.id"))
    made_at: Mapped[datetime]
    decided_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("user_account.id"))
    decided_at: Mapped[datetime | None]
    answer: Mapped[str | None]
    undone_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("user_account.id"))
    undo_reason: Mapped[str | None]
    ended_at: Mapped[datetime | None]


class AdjustmentLine(Base):
    """One person of a correction: what was typed, what was there before and after, and the entries of it.

    `lots` are the (lot, points) that a deduction of mileage came from, to be given back to them.
    """

    __tablename__ = "adjustment_line"
    __table_args__ = (
        CheckConstraint("state IN ('ready', 'refused', 'applied', 'failed', 'undone', 'kept')", name="state"),
        CheckConstraint("state = 'refused' OR (user_id IS NOT NULL AND amount_minor IS NOT NULL)", name="ready"),
        CheckConstraint("(entry_id IS NOT NULL) = (state IN ('applied', 'undone', 'kept'))", name="entry"),
        UniqueConstraint("adjustment_id", "n"),
        Index(
            "uq_adjustment_line_person",
            "adjustment_id",
            "user_id",
            unique=True,
            postgresql_where=text("state <> 'refused'"),
        ),
        Index("ix_adjustment_line_state", "adjustment_id", "state", "n"),
        Index("ix_adjustment_line_entry_id", "entry_id"),
    )

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    adjustment_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("adjustment.id"))
    n: Mapped[int] = mapped_column(Integer)
    given: Mapped[str] = mapped_column(EncryptedText("adjustment_line.given"))
    user_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("user_account.id"))
    amount_minor: Mapped[int | None]
    state: Mapped[str]
    code: Mapped[str | None]
    before_minor: Mapped[int | None]
    after_minor: Mapped[int | None]
    entry_id: Mapped[int | None] = mapped_column(ForeignKey("ledger_entry.id"))
    undo_entry_id: Mapped[int | None] = mapped_column(ForeignKey("ledger_entry.id"))
    lots: Mapped[list[Any] | None]
