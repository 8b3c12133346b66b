"""What became of channels: the ticked requirements of each and every move (CHN-02)."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Identity, Index, text
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


class ChannelWindUp(Base):
    """What a channel that ends has left to whom: once for each, before it is closed.

    `handed` counts by kind what was handed over or ended, `exports` are the ids of its files. The addresses of its
    pages lead to those of the successor once it is closed.
    """

    __tablename__ = "channel_wind_up"
    __table_args__ = (CheckConstraint("successor_id <> channel_id", name="successor"),)

    channel_id: Mapped[int] = mapped_column(ForeignKey("channel.id"), primary_key=True, autoincrement=False)
    successor_id: Mapped[int | None] = mapped_column(ForeignKey("channel.id"))
    handed: Mapped[dict[str, Any]]
    exports: Mapped[list[Any]]
    done_by: Mapped[str]
    done_at: Mapped[datetime]
