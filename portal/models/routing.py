"""Rules of routing: every version that was written, and when which was put in force. Nothing of it is ever changed."""

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Identity, Integer, text
from sqlalchemy.orm import Mapped, mapped_column

from portal.db import Base


class RoutingVersion(Base):
    """Rules as somebody wrote them (PAY-04); a draft until it is put in force."""

    __tablename__ = "routing_version"
    __table_args__ = (CheckConstraint("version > 0", name="version"),)

    version: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    rules: Mapped[list[Any]]
    note: Mapped[str]
    author_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("user_account.id"))
    created_at: Mapped[datetime]


class RoutingRelease(Base):
    """A version put in force; the newest release decides. `replaces_id` is the one before, 0 for the first."""

    __tablename__ = "routing_release"

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    version: Mapped[int] = mapped_column(Integer, ForeignKey("routing_version.version"))
    replaces_id: Mapped[int] = mapped_column(unique=True)
    released_by: Mapped[uuid.UUID] = mapped_column(ForeignKey("user_account.id"))
    released_at: Mapped[datetime]
    reason: Mapped[str] = mapped_column(server_default=text("''"))
