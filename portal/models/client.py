"""Programs that may use the API: a key per client, shown once, kept as its hash."""

import uuid
from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from portal.db import Base


class ApiClient(Base):
    """A client acts for one user on one channel, with no more than the permissions it was given.

    After its key was exchanged the one before it (`previous_hash`) is good until `previous_until`.
    """

    __tablename__ = "api_client"
    __table_args__ = (CheckConstraint("(previous_hash IS NULL) = (previous_until IS NULL)", name="previous"),)

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    name: Mapped[str]
    key_hash: Mapped[bytes] = mapped_column(unique=True)
    key_hint: Mapped[str]
    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("user_account.id"), index=True)
    channel_id: Mapped[int] = mapped_column(ForeignKey("channel.id"))
    permissions: Mapped[list[str]]
    created_at: Mapped[datetime]
    last_used_at: Mapped[datetime | None]
    expires_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
    previous_hash: Mapped[bytes | None] = mapped_column(unique=True)
    previous_until: Mapped[datetime | None]
