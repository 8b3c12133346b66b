"""What became of channels: the ticked requirements of each and every move (CHN-02)."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Identity, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from portal.db import Base


class ChannelCheck(Base):
    """A requirement that somebody has ticked. A channel that goes back to its draft loses them."""

    __tablename__ = "channel_check"

    channel_id: Mapped[int] = mapped_column(ForeignKey("channel.id"), primary_key=True, autoincrement=False)
    requirement: Mapped[str] = mapped_column(primary_key=True)
    done_by: Mapped[str]
    done_at: Mapped[datetime]


class ChannelMove(Base):
    """A channel went from one state into another: who, when, and what buyers were told."""

    __tablename__ = "channel_move"
    __table_args__ = (Index("ix_channel_move_channel_id", "channel_id", text("id DESC")),)

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    channel_id: Mapped[int] = mapped_column(ForeignKey("channel.id"))
    from_state: Mapped[str]
    to_state: Mapped[str]
    by: Mapped[str]
    note: Mapped[str | None]
    at: Mapped[datetime]
