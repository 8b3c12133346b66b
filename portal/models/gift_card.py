"""Gift cards: sold, sent, redeemed (BAL-09)."""

import uuid
from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from portal.crypto import EncryptedText
from portal.db import Base


class GiftCard(Base):
    """One card. Its code is found by a keyed index and kept encrypted, only for as long as it can be redeemed.

    `back_minor` is what has gone back to its buyer of what it was worth.
    """

    __tablename__ = "gift_card"
    __table_args__ = (
        CheckConstraint("amount_minor > 0 AND back_minor BETWEEN 0 AND amount_minor", name="amount"),
        CheckConstraint("state IN ('unpaid', 'active', 'redeemed', 'void', 'expired', 'given_back')", name="state"),
        CheckConstraint("(state = 'redeemed') <= (redeemed_by IS NOT NULL)", name="redeemed"),
        CheckConstraint("(code_index IS NULL) = (code IS NULL)", name="code"),
        UniqueConstraint("payment_id"),
        Index("uq_gift_card_code_index", "code_index", unique=True),
        Index("ix_gift_card_buyer_id", "buyer_id", text("created_at DESC")),
        Index("ix_gift_card_created_at", text("created_at DESC"), text("id DESC")),
        Index("ix_gift_card_redeemed_by", "redeemed_by"),
        Index("ix_gift_card_code_end", "code_end", postgresql_where=text("code_end IS NOT NULL")),
        Index("ix_gift_card_ends", "expires_at", postgresql_where=text("state = 'active'")),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    buyer_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("user_account.id"))
    payment_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("payment.id"))
    channel_id: Mapped[int] = mapped_column(ForeignKey("channel.id"))
    currency: Mapped[str]
    amount_minor: Mapped[int]
    back_minor: Mapped[int] = mapped_column(server_default=text("0"))
    state: Mapped[str]
    code_index: Mapped[bytes | None]
    code: Mapped[str | None] = mapped_column(EncryptedText("gift_card.code"))
    # The last characters of the code, which stay: by these a person who holds the card can name it.
    code_end: Mapped[str | None]
    recipient: Mapped[str] = mapped_column(EncryptedText("gift_card.recipient"))
    sender: Mapped[str] = mapped_column(EncryptedText("gift_card.sender"))
    message: Mapped[str] = mapped_column(EncryptedText("gift_card.message"))
    locale: Mapped[str]
    reason: Mapped[str | None]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime | None]
    redeemed_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("user_account.id"))
    redeemed_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
