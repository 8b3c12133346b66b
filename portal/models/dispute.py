"""Disputes: a bank takes a payment back, and what is answered to it (STR-05)."""

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, Integer, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from portal.crypto import EncryptedText
from portal.db import Base


class Dispute(Base):
    """One dispute as its gateway tells it, with what the books have made of it, and our answer.

    `told_held_minor` is what the bank is said to have at this moment, `held_minor` what of it is booked: they differ
    only where a person has to look. `borne_minor` is what is booked as lost, `borne_by` by whom: stores by id, or
    `platform`. `recorded_by` is who wrote it down where no gateway tells of it. `answer` is what was decided here
    (`evidence` or `acceptance`), `answer_state` how far it has come: wanted, sent, refused.
    """

    __tablename__ = "dispute"
    __table_args__ = (
        CheckConstraint("amount_minor > 0", name="amount"),
        CheckConstraint("held_minor BETWEEN 0 AND amount_minor", name="held"),
        CheckConstraint("borne_minor BETWEEN 0 AND held_minor", name="borne"),
        CheckConstraint(
            "status IN ('inquiry', 'needs_response', 'under_review', 'won', 'lost', 'closed')", name="status"
        ),
        CheckConstraint("(closed_at IS NULL) = (status NOT IN ('won', 'lost', 'closed'))", name="closed"),
        CheckConstraint(
            "(answer IS NULL) = (answer_state IS NULL) AND answer IN ('evidence', 'acceptance')"
            " AND answer_state IN ('wanted', 'sent', 'refused')",
            name="answer",
        ),
        UniqueConstraint("gateway", "gateway_ref"),
        Index("ix_dispute_payment_id", "payment_id"),
        Index("ix_dispute_opened_at", text("opened_at DESC"), text("id DESC")),
        Index("ix_dispute_open", "answer_due_at", postgresql_where=text("closed_at IS NULL")),
        Index("ix_dispute_unbooked", "told_at", postgresql_where=text("told_held_minor <> held_minor")),
        Index("ix_dispute_answer", "send_at", postgresql_where=text("answer_state = 'wanted'")),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    gateway_account_id: Mapped[int] = mapped_column(ForeignKey("gateway_account.id"))
    gateway: Mapped[str]
    gateway_ref: Mapped[str]
    payment_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("payment.id"))
    order_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("orders.id"))
    currency: Mapped[str]
    amount_minor: Mapped[int]
    held_minor: Mapped[int] = mapped_column(server_default=text("0"))
    told_held_minor: Mapped[int] = mapped_column(server_default=text("0"))
    borne_minor: Mapped[int] = mapped_column(server_default=text("0"))
    borne_by: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))
    fee_minor: Mapped[int] = mapped_column(server_default=text("0"))
    fee_currency: Mapped[str | None]
    # How many entries it has in the books: a part of their keys.
    entries: Mapped[int] = mapped_column(Integer, server_default=text("0"))
    bearer: Mapped[str]
    reason: Mapped[str]
    recorded_by: Mapped[str | None]
    status: Mapped[str]
    answer_due_at: Mapped[datetime | None]
    opened_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]
    told_at: Mapped[datetime]
    asked_at: Mapped[datetime]
    reminded_at: Mapped[datetime | None]
    statement: Mapped[str | None] = mapped_column(EncryptedText("dispute.statement"))
    answer: Mapped[str | None]
    answer_state: Mapped[str | None]
    answer_by: Mapped[str | None]
    answer_at: Mapped[datetime | None]
    send_at: Mapped[datetime | None]
    answer_calls: Mapped[int] = mapped_column(Integer, server_default=text("0"))
    answer_code: Mapped[str | None]
    # What was handed in, as it was.
    packet: Mapped[str | None] = mapped_column(EncryptedText("dispute.packet"))
