"""What became of campaigns on each channel when their instants came (CHN-07)."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from portal.db import Base


class CampaignTurn(Base):
    """A campaign began or ended on a channel. `due_at` is the one instant for all; `problem` is why it does nothing."""

    __tablename__ = "campaign_turn"
    __table_args__ = (CheckConstraint("turn IN ('start', 'end')", name="turn"),)

    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaign.id"), primary_key=True)
    channel_id: Mapped[int] = mapped_column(ForeignKey("channel.id"), primary_key=True)
    turn: Mapped[str] = mapped_column(primary_key=True)
    due_at: Mapped[datetime] = mapped_column(primary_key=True)
    noted_at: Mapped[datetime]
    problem: Mapped[str | None]
