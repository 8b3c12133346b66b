"""What is kept from somebody until it is cleared."""

import uuid
from datetime import datetime

from sqlalchemy import ARRAY, CheckConstraint, ForeignKey, Index, Uuid, text
from sqlalchemy.orm import Mapped, mapped_column

from portal.db import Base


class AccountFreeze(Base):
    """A stretch of time in which an account is frozen (FRD-08); the open one is why `user_account.state` says so.

    `grants` are the coupons that were suspended with it, and come back with its end.
    """

    __tablename__ = "account_freeze"
    __table_args__ = (
        CheckConstraint("(lifted_at IS NULL) = (lifted_by IS NULL)", name="lifted"),
        Index("ix_account_freeze_user_id", "user_id", text("frozen_at DESC")),
        Index("uq_account_freeze_open", "user_id", unique=True, postgresql_where=text("lifted_at IS NULL")),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("user_account.id"))
    reason: Mapped[str]
    note: Mapped[str | None]
    grants: Mapped[list[uuid.UUID]] = mapped_column(ARRAY(Uuid))
    frozen_by: Mapped[str]
    frozen_at: Mapped[datetime]
    lifted_by: Mapped[str | None]
    lifted_at: Mapped[datetime | None]
    lift_note: Mapped[str | None]
