"""What is done about frozen accounts: procedures as administrators define them, and how far each has come."""

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, Integer, text
from sqlalchemy.orm import Mapped, mapped_column

from portal.db import Base


class Procedure(Base):
    """Steps, as rules/remediation.py keeps them, that begin with every freeze for one of `reasons`."""

    __tablename__ = "remediation_procedure"
    __table_args__ = (CheckConstraint("state IN ('open', 'closed')", name="state"),)

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    name: Mapped[str]
    reasons: Mapped[list[str]]
    steps: Mapped[list[Any]]
    state: Mapped[str]
    changed_by: Mapped[uuid.UUID] = mapped_column(ForeignKey("user_account.id"))
    changed_at: Mapped[datetime]
    version: Mapped[int] = mapped_column(Integer, server_default=text("1"))


class Remediation(Base):
    """A procedure at work on one freeze, with the steps as they were when it began. It ends when the freeze does."""

    __tablename__ = "remediation"
    __table_args__ = (
        CheckConstraint("state IN ('open', 'done', 'broken_off')", name="state"),
        CheckConstraint("(state = 'open') = (ended_at IS NULL)", name="ended"),
        Index("ix_remediation_freeze_id", "freeze_id"),
        Index("ix_remediation_user_id", "user_id", text("started_at DESC")),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    procedure_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("remediation_procedure.id"))
    freeze_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("account_freeze.id"))
    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("user_account.id"))
    name: Mapped[str]
    steps: Mapped[list[Any]]
    state: Mapped[str]
    started_by: Mapped[str]
    started_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]


class RemediationTick(Base):
    """That a step is done, by whom, and what he says of it; `n` is its place from 0."""

    __tablename__ = "remediation_tick"

    remediation_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("remediation.id"), primary_key=True)
    n: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    done_by: Mapped[uuid.UUID] = mapped_column(ForeignKey("user_account.id"))
    done_at: Mapped[datetime]
    note: Mapped[str | None]
