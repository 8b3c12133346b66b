"""Points that are given: donated to a cause, or sent to another person (BAL-06)."""

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Identity, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from portal.crypto import EncryptedText
from portal.db import Base


class Cause(Base):
    """What points can be donated to; a closed one takes no more and stays in the history."""

    __tablename__ = "cause"

    id: Mapped[int] = mapped_column(Identity(always=False), primary_key=True)
    names: Mapped[dict[str, Any]]
    descriptions: Mapped[dict[str, Any]]
    is_open: Mapped[bool] = mapped_column(server_default=text("true"))
    created_at: Mapped[datetime]


class MileageDonation(Base):
    """Points that went to a cause, and what they were worth."""

    __tablename__ = "mileage_donation"
    __table_args__ = (
        CheckConstraint("points > 0 AND amount_minor > 0", name="points"),
        Index("ix_mileage_donation_user_id", "user_id", text("at DESC")),
        Index("ix_mileage_donation_cause_id", "cause_id"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("user_account.id"))
    cause_id: Mapped[int] = mapped_column(ForeignKey("cause.id"))
    idem_key: Mapped[str] = mapped_column(unique=True)
    points: Mapped[int]
    currency: Mapped[str]
    amount_minor: Mapped[int]
    at: Mapped[datetime]


class MileageGift(Base):
    """Points on their way to whoever has an e-mail address; until they are accepted they can be called back."""

    __tablename__ = "mileage_gift"
    __table_args__ = (
        CheckConstraint("points > 0", name="points"),
        CheckConstraint("state IN ('waiting', 'accepted', 'declined', 'cancelled', 'expired')", name="state"),
        Index("ix_mileage_gift_sender_id", "sender_id", text("created_at DESC")),
        Index("ix_mileage_gift_recipient_index", "recipient_index"),
        Index("ix_mileage_gift_waiting", "expires_at", postgresql_where=text("state = 'waiting'")),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    sender_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("user_account.id"))
    recipient: Mapped[str] = mapped_column(EncryptedText("mileage_gift.recipient"))
    recipient_index: Mapped[bytes]
    recipient_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("user_account.id"))
    idem_key: Mapped[str] = mapped_column(unique=True)
    points: Mapped[int]
    message: Mapped[str] = mapped_column(EncryptedText("mileage_gift.message"))
    state: Mapped[str]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]


class MileageGiftLot(Base):
    """Which lots the points of a gift came from: they keep their end, with whomever they are."""

    __tablename__ = "mileage_gift_lot"
    __table_args__ = (CheckConstraint("points > 0", name="points"),)

    gift_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("mileage_gift.id"), primary_key=True)
    lot_id: Mapped[int] = mapped_column(ForeignKey("mileage_lot.id"), primary_key=True)
    points: Mapped[int]
    expires_at: Mapped[datetime]
