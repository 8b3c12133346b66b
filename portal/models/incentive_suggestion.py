"""What the results of automations suggest, and what somebody decided about it (INC-05)."""

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Identity, Index, Integer, text
from sqlalchemy.orm import Mapped, mapped_column

from portal.db import Base


class IncentiveSuggestion(Base):
    """What to do with an automation. `evidence` is what was measured: the whole, or within and outside of `segment`.

    At most one of an automation is open. `people_max` is the budget that is suggested, in offers.
    """

    __tablename__ = "incentive_suggestion"
    __table_args__ = (
        CheckConstraint("kind IN ('raise', 'lower', 'stop', 'narrow')", name="kind"),
        CheckConstraint("state IN ('open', 'taken', 'dismissed', 'withdrawn')", name="state"),
        CheckConstraint("(kind = 'narrow') = (segment IS NOT NULL)", name="segment"),
        CheckConstraint("(kind IN ('raise', 'lower')) = (people_max IS NOT NULL)", name="budget"),
        CheckConstraint("(state = 'open') = (decided_at IS NULL)", name="decided"),
        CheckConstraint("state <> 'dismissed' OR reason <> ''", name="reason"),
        Index("uq_incentive_suggestion_open", "automation_id", unique=True, postgresql_where=text("state = 'open'")),
        Index("ix_incentive_suggestion_decided_at", text("decided_at DESC")),
    )

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    automation_id: Mapped[int] = mapped_column(ForeignKey("automation.id"))
    kind: Mapped[str]
    segment: Mapped[str | None]
    people_max: Mapped[int | None] = mapped_column(Integer)
    evidence: Mapped[list[Any]]
    state: Mapped[str]
    made_at: Mapped[datetime]
    renewed_at: Mapped[datetime]
    decided_at: Mapped[datetime | None]
    decided_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("user_account.id"))
    reason: Mapped[str | None]
