"""Cases of risk: the alarming decisions about a person or a device together, and what somebody says of them."""

import uuid
from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, Index, Integer, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from portal.db import Base


class RiskCase(Base):
    """What a reviewer decides as one (FRD-06). Amounts are in the platform's currency, and are what is at stake.

    `user_id` is whose alarm came first; all whom it concerns are in RiskCasePerson. `alarm_at` is when the first
    decision was made, `told_at` when administrators were. A decided case waits until `effects_at`, and may be undone so
    long. A merged case goes on in `merged_into`; who was left out of a verdict has a case that came `apart_from` it.
    """

    __tablename__ = "risk_case"
    __table_args__ = (
        CheckConstraint("state IN ('open', 'decided', 'closed', 'merged')", name="state"),
        CheckConstraint("(state IN ('decided', 'closed')) = (verdict IS NOT NULL)", name="verdict"),
        # What persons and devices refer to, so that their rows know by themselves whether their case is open.
        UniqueConstraint("id", "state"),
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
    decided_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("user_account.id"))
    decided_at: Mapped[datetime | None]
    effects_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(server_default=text("1"))
    merged_into: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("risk_case.id"))
    apart_from: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("risk_case.id"))


class RiskCasePerson(Base):
    """A person whom a case concerns, in one open case at most. `froze` says that its verdict froze the account."""

    __tablename__ = "risk_case_person"
    __table_args__ = (
        ForeignKeyConstraint(["case_id", "case_state"], ["risk_case.id", "risk_case.state"], onupdate="CASCADE"),
        Index("uq_risk_case_person_open", "user_id", unique=True, postgresql_where=text("case_state = 'open'")),
        Index("ix_risk_case_person_user_id", "user_id"),
    )

    case_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("user_account.id"), primary_key=True)
    case_state: Mapped[str]
    froze: Mapped[bool] = mapped_column(server_default=text("false"))


class RiskCaseDevice(Base):
    """A device that alarming decisions of a case came from, in one open case at most."""

    __tablename__ = "risk_case_device"
    __table_args__ = (
        ForeignKeyConstraint(["case_id", "case_state"], ["risk_case.id", "risk_case.state"], onupdate="CASCADE"),
        Index("uq_risk_case_device_open", "device_id", unique=True, postgresql_where=text("case_state = 'open'")),
    )

    case_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    device_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    case_state: Mapped[str]


class RiskCaseDecision(Base):
    """A decision in its case."""

    __tablename__ = "risk_case_decision"

    decision_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("risk_decision.id"), primary_key=True)
    case_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("risk_case.id"), index=True)
