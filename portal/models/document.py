"""Receipts and credit notes (PAY-15)."""

import uuid
from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, Integer, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from portal.crypto import EncryptedText
from portal.db import Base


class DocumentKind(StrEnum):
    RECEIPT = "receipt"
    CREDIT_NOTE = "credit_note"


class DocumentSeries(Base):
    """The last number that an issuer has given in a series of a year; locked only while one document is issued."""

    __tablename__ = "document_series"

    issuer: Mapped[str] = mapped_column(primary_key=True)
    series: Mapped[str] = mapped_column(primary_key=True)
    year: Mapped[int] = mapped_column(Integer, primary_key=True)
    last_number: Mapped[int]


class Document(Base):
    """Wanted from the moment that an order is paid or refunded; issued, with a number, by a worker just after.

    `entry_id` is of the difference of an exchange, paid or given back: of several that went back at once the first.

    An issued one is never changed (trigger); `sha256` is of its content in clear, and `erased_sha256` of what it has
    said since its buyer was erased.
    """

    __tablename__ = "document"
    __table_args__ = (
        CheckConstraint(
            "(kind = 'credit_note') = (corrects_id IS NOT NULL)"
            " AND (kind = 'credit_note' AND entry_id IS NULL) = (refund_id IS NOT NULL)",
            name="kind",
        ),
        CheckConstraint(
            "(issued_at IS NULL) = (number IS NULL) AND (issued_at IS NULL) = (content IS NULL)", name="issued"
        ),
        UniqueConstraint("issuer", "series", "year", "number"),
        Index(
            "uq_document_receipt",
            "order_id",
            unique=True,
            postgresql_where=text("kind = 'receipt' AND entry_id IS NULL"),
        ),
        Index("ix_document_order_id", "order_id"),
        Index("ix_document_user_id", "user_id", text("issued_at DESC")),
        Index("ix_document_wanted", "wanted_at", postgresql_where=text("issued_at IS NULL")),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    kind: Mapped[str]
    order_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("orders.id"))
    refund_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("refund.id"), unique=True)
    entry_id: Mapped[int | None] = mapped_column(unique=True)
    corrects_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("document.id"))
    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("user_account.id"))
    currency: Mapped[str]
    total_minor: Mapped[int]
    wanted_at: Mapped[datetime]
    issuer: Mapped[str | None]
    series: Mapped[str | None]
    year: Mapped[int | None] = mapped_column(Integer)
    number: Mapped[int | None]
    label: Mapped[str | None] = mapped_column(unique=True)
    content: Mapped[str | None] = mapped_column(EncryptedText("document.content"))
    sha256: Mapped[str | None]
    erased_sha256: Mapped[str | None]
    issued_at: Mapped[datetime | None]
