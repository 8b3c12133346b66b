"""The audit trail: rows written with what they record, chained just after by one sealer."""

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, Identity, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from portal.db import Base


class AuditRow(Base):
    """Who did what to what. `payload` is canonical JSON of all of it and is what the chain hashes.

    `xid` is the writing transaction: rows of transactions that have ended are sealed in the order (xid, id),
    so that a row which commits late is never passed over.
    """

    __tablename__ = "audit_row"
    __table_args__ = (
        Index("ix_audit_row_order", "xid", "id"),
        Index("ix_audit_row_ref", "ref", "id"),
        # A day's rows lie together, and this costs next to nothing when one is written.
        Index("ix_audit_row_at", "at", postgresql_using="brin"),
        Index("ix_audit_row_balance_views", text("id DESC"), postgresql_where=text("action = 'balance:viewed'")),
    )

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    xid: Mapped[int] = mapped_column(BigInteger, server_default=text("(pg_current_xact_id()::text::bigint)"))
    at: Mapped[datetime]
    actor: Mapped[str]
    action: Mapped[str]
    ref: Mapped[str]
    payload: Mapped[str]


class AuditLink(Base):
    """One link of the chain: hash = SHA-256(prev_hash | payload), numbered without gaps."""

    __tablename__ = "audit_link"

    seq: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    audit_id: Mapped[int] = mapped_column(ForeignKey("audit_row.id"), unique=True)
    xid: Mapped[int]
    prev_hash: Mapped[str]
    hash: Mapped[str]
    sealed_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
