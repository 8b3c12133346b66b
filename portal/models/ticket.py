"""Tickets: what buyers write to stores and the mall, with what is answered and what is sent along."""

import uuid
from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, Integer, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from portal.crypto import EncryptedText
from portal.db import Base


class Ticket(Base):
    """One matter of one buyer. `about` is what it is tied to, as rules/tickets.py writes it.

    `store_id` is the store that was written to, `with_mall` whether the mall answers. `answer_due_at` is set while an
    answer is due; `warned_at` and `missed_at` belong to it. `key` is the idempotency key of its form.
    """

    __tablename__ = "ticket"
    __table_args__ = (
        CheckConstraint(
            "state IN ('open', 'waiting_buyer', 'waiting_store', 'solved', 'reopened', 'closed')", name="state"
        ),
        CheckConstraint("store_id IS NOT NULL OR with_mall", name="addressee"),
        CheckConstraint(
            "(answer_due_at IS NOT NULL) = (state IN ('open', 'waiting_store', 'reopened'))", name="answer_due"
        ),
        CheckConstraint("num_nulls(warned_at, missed_at) = 2 OR answer_due_at IS NOT NULL", name="deadline"),
        UniqueConstraint("buyer_id", "key", name="uq_ticket_buyer_id_key"),
        Index("ix_ticket_buyer_id", "buyer_id", text("moved_at DESC"), text("id DESC")),
        Index("ix_ticket_store_id", "store_id", text("moved_at DESC"), text("id DESC")),
        Index("ix_ticket_moved_at", text("moved_at DESC"), text("id DESC")),
        Index("ix_ticket_due", "answer_due_at", "id", postgresql_where=text("answer_due_at IS NOT NULL")),
        Index("ix_ticket_order_id", "order_id"),
        Index("ix_ticket_silent", "moved_at", postgresql_where=text("state IN ('waiting_buyer', 'solved')")),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(unique=True)
    buyer_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("user_account.id"))
    store_id: Mapped[int | None] = mapped_column(ForeignKey("store.id"))
    with_mall: Mapped[bool]
    channel_id: Mapped[int] = mapped_column(ForeignKey("channel.id"))
    locale: Mapped[str]
    kind: Mapped[str]
    about: Mapped[str | None]
    order_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("orders.id"))
    state: Mapped[str]
    assignee_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("user_account.id"))
    answer_due_at: Mapped[datetime | None]
    warned_at: Mapped[datetime | None]
    missed_at: Mapped[datetime | None]
    opened_at: Mapped[datetime]
    moved_at: Mapped[datetime]
    key: Mapped[str]
    version: Mapped[int] = mapped_column(Integer, server_default=text("1"))


class TicketMessage(Base):
    """What somebody said, in the order of `id`; an internal note is read by its own side and the mall only."""

    __tablename__ = "ticket_message"
    __table_args__ = (
        CheckConstraint("side IN ('buyer', 'store', 'mall')", name="side"),
        CheckConstraint("NOT is_internal OR side <> 'buyer'", name="internal"),
        UniqueConstraint("ticket_id", "key", name="uq_ticket_message_ticket_id_key"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    ticket_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("ticket.id"))
    author_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("user_account.id"))
    side: Mapped[str]
    is_internal: Mapped[bool]
    text: Mapped[str] = mapped_column(EncryptedText("ticket_message.text"))
    key: Mapped[str]
    at: Mapped[datetime]


class TicketFile(Base):
    """A file that came with a message, made safe before it was kept; `content` in base64."""

    __tablename__ = "ticket_file"
    __table_args__ = (Index("ix_ticket_file_message_id", "message_id"),)

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    message_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("ticket_message.id"))
    position: Mapped[int] = mapped_column(Integer)
    name: Mapped[str] = mapped_column(EncryptedText("ticket_file.name"))
    kind: Mapped[str]
    size: Mapped[int] = mapped_column(Integer)
    content: Mapped[str] = mapped_column(EncryptedText("ticket_file.content"))
