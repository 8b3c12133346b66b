"""Money that came in beyond what a payment took (PAY-16)."""

import uuid
from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, Integer, text
from sqlalchemy.orm import Mapped, mapped_column

from portal.crypto import EncryptedText
from portal.db import Base


class Surplus(Base):
    """What a gateway has more than was booked of an attempt, such as a second transfer into an account.

    `open` until somebody decides; `kept` is the buyer's deposit; `returning` goes back to the account in `bank` and is
    `returned` when the gateway says so, or open again with its `code`.
    """

    __tablename__ = "surplus"
    __table_args__ = (
        CheckConstraint("amount_minor > 0", name="amount"),
        CheckConstraint("state IN ('open', 'kept', 'returning', 'returned')", name="state"),
        CheckConstraint("(state = 'open') = (decided_at IS NULL)", name="decided"),
        Index("ix_surplus_attempt_id", "attempt_id"),
        Index("ix_surplus_open", "found_at", postgresql_where=text("state IN ('open', 'returning')")),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    attempt_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("payment_attempt.id"))
    currency: Mapped[str]
    amount_minor: Mapped[int]
    state: Mapped[str]
    found_at: Mapped[datetime]
    decided_at: Mapped[datetime | None]
    decided_by: Mapped[str | None]
    bank: Mapped[str | None] = mapped_column(EncryptedText("surplus.bank"))
    # Of the giving back: how often it was decided, which is a part of its key, and how far it is.
    tries: Mapped[int] = mapped_column(Integer, server_default=text("0"))
    due_at: Mapped[datetime | None]
    refund_ref: Mapped[str | None]
    code: Mapped[str | None]
