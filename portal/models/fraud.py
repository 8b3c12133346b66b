"""Risk decisions with what they were based on, and the lists they look at."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, Index, Integer, text
from sqlalchemy.orm import Mapped, mapped_column

from portal.db import Base


class RiskDecision(Base):
    """One scoring: features of that moment, rules that fired with their versions, outcome. Never recomputed."""

    __tablename__ = "risk_decision"
    __table_args__ = (
        CheckConstraint("outcome IN ('allow', 'step_up', 'review', 'block')", name="outcome"),
        Index("ix_risk_decision_order_id", "order_id"),
        Index("ix_risk_decision_user_id", "user_id", "decided_at"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    event: Mapped[str]
    order_id: Mapped[uuid.UUID | None]
    user_id: Mapped[uuid.UUID | None]
    score: Mapped[int] = mapped_column(Integer)
    outcome: Mapped[str]
    features: Mapped[dict[str, Any]]
    fired: Mapped[list[Any]]
    versions: Mapped[dict[str, Any]]
    decided_at: Mapped[datetime]


class RiskListEntry(Base):
    """A user, e-mail, card, device, IP or network that is blocked or always allowed; the value is a blind index."""

    __tablename__ = "risk_list_entry"
    __table_args__ = (
        CheckConstraint("mode IN ('allow', 'block')", name="mode"),
        Index("uq_risk_list_entry", "kind", "value_index", unique=True, postgresql_where=text("removed_at IS NULL")),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    kind: Mapped[str]
    mode: Mapped[str]
    value_index: Mapped[bytes]
    reason: Mapped[str]
    owner: Mapped[str]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime | None]
    removed_at: Mapped[datetime | None]
