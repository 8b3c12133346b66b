"""Cases of risk: the alarming decisions about one person together, and what somebody says of them."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, Integer, text
from sqlalchemy.orm import Mapped, mapped_column

from portal.db import Base


class RiskCase(Base):
    """What a reviewer decides as one (FRD-06). Amounts are in the platform's currency, and are what is at stake.

    `alarm_at` is when the first decision was made, `told_at` when administrators were. A decided case waits until
    `effects_at`, and may be undone so long; `froze` says that the verdict froze the account.
    """

    __tablename__ = "risk_case"
    __table_args__ = (
        CheckConstraint("state IN ('open', 'decided', 'closed', 'merged')", name="state"),
        CheckConstraint("(state IN ('decided', 'closed')) = (verdict IS NOT NULL)", name="verdict"),
        Index("uq_risk_case_open", "user_id", unique=True, postgresql_where=text("state = 'open'")),
        Index("ix_risk_case_user_id", "user_id", "opened_at"),
        Index("ix_risk_case_queue", "state", text("expected_loss_minor DESC"), text("id DESC")),
        Index("ix_risk_case_opened_at", "opened_at"),
        Index("ix_risk_case_decided_at", "decided_at", postgresql_where=text("decided_at IS NOT NULL")),
        Index("ix_risk_case_effects_at", "effects_at", postgresql_where=text("state = 'decided'")),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("user_account.id"))
    state: Mapped[str]
    score: Mapped[int] = mapped_column(Integer)
    currency: Mapped[str]
    stake_minor: Mapped[int]
    expected_loss_minor: Mapped[int]
    opened_at: Mapped[datetime]
    due_at: Mapped[datetime]
    alarm_at: Mapped[datetime]
    told_at: Mapped[datetime | None]
    assignee_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("user_account.id"))
    assigned_at: Mapped[datetime | None]
    verdict: Mapped[str | None]
    note: Mapped[str | None]
    froze: Mapped[bool] = mapped_column(server_default=text("false"))
    decided_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("user_account.id"))
    decided_at: Mapped[datetime | None]
    effects_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(server_default=text("1"))


class RiskCaseDecision(Base):
    """A decision in its case."""

    __tablename__ = "risk_case_decision"

    decision_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("risk_decision.id"), primary_key=True)
    case_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("risk_case.id"), index=True)
