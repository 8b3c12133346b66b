"""The books: accounts, entries of postings that are never changed, holds, and mileage in lots."""

import uuid
from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Identity, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from portal.db import Base


class LedgerAccount(Base):
    """An account of a user, a store, an order or the platform, in one currency (mileage is PTS).

    `balance_minor` is kept only where it is asked before spending (`cached`): platform accounts are summed up
    from their postings, so that no order waits for another at a row that all share.
    """

    __tablename__ = "ledger_account"
    __table_args__ = (
        CheckConstraint("NOT cached OR balance_minor - held_minor >= min_balance_minor", name="floor"),
        CheckConstraint("held_minor >= 0", name="held"),
        Index("uq_ledger_account", "kind", "owner", "currency", unique=True),
        Index("ix_ledger_account_owner", "owner"),
    )

    id: Mapped[int] = mapped_column(Identity(always=False), primary_key=True)
    kind: Mapped[str]
    owner: Mapped[str]
    currency: Mapped[str]
    cached: Mapped[bool]
    balance_minor: Mapped[int] = mapped_column(server_default=text("0"))
    held_minor: Mapped[int] = mapped_column(server_default=text("0"))
    min_balance_minor: Mapped[int] = mapped_column(server_default=text("0"))
    frozen_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(server_default=text("now()"))


class LedgerEntry(Base):
    """One business event in the books. `idem_key` makes it happen once; an undone entry is named by the undoing one."""

    __tablename__ = "ledger_entry"
    __table_args__ = (
        Index("ix_ledger_entry_order_id", "order_id"),
        Index("uq_ledger_entry_reverses", "reverses", unique=True),
    )

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    kind: Mapped[str]
    idem_key: Mapped[str] = mapped_column(unique=True)
    order_id: Mapped[uuid.UUID | None]
    reverses: Mapped[int | None] = mapped_column(ForeignKey("ledger_entry.id"))
    note: Mapped[str | None]
    created_at: Mapped[datetime]


class Posting(Base):
    """A change of one account. Positive where it gains value held for its owner; per entry and currency zero.

    `at` is its entry's time, kept here so that an account's history is read from one index.
    """

    __tablename__ = "ledger_posting"
    __table_args__ = (
        CheckConstraint("amount_minor <> 0", name="amount"),
        Index("ix_ledger_posting_entry_id", "entry_id"),
        # A day's postings lie together, and this costs next to nothing when one is written.
        Index("ix_ledger_posting_at", "at", postgresql_using="brin"),
        Index(
            "ix_ledger_posting_account_at",
            "account_id",
            text("at DESC"),
            text("id DESC"),
            postgresql_include=["amount_minor"],
        ),
    )

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    entry_id: Mapped[int] = mapped_column(ForeignKey("ledger_entry.id"))
    account_id: Mapped[int] = mapped_column(ForeignKey("ledger_account.id"))
    currency: Mapped[str]
    amount_minor: Mapped[int]
    balance_after_minor: Mapped[int | None]
    at: Mapped[datetime] = mapped_column(server_default=text("now()"))


class LedgerHold(Base):
    """An amount of an account set aside for an order, or for a dispute about a top-up, until it is used or released.

    `order_id` is the order, or the dispute.
    """

    __tablename__ = "ledger_hold"
    __table_args__ = (
        CheckConstraint("amount_minor > 0", name="amount"),
        CheckConstraint("status IN ('active', 'used', 'released', 'expired')", name="status"),
        Index("ix_ledger_hold_active", "account_id", postgresql_where=text("status = 'active'")),
        Index("ix_ledger_hold_order_id", "order_id"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("ledger_account.id"))
    order_id: Mapped[uuid.UUID | None]
    amount_minor: Mapped[int]
    status: Mapped[str] = mapped_column(server_default="active")
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]


class MileageLot(Base):
    """Points that came together and expire together; spent oldest expiry first (BAL-05)."""

    __tablename__ = "mileage_lot"
    __table_args__ = (
        CheckConstraint("remaining BETWEEN 0 AND granted", name="remaining"),
        Index("ix_mileage_lot_open", "account_id", "expires_at", "id", postgresql_where=text("remaining > 0")),
        Index("ix_mileage_lot_ends", "expires_at", postgresql_where=text("remaining > 0")),
        Index("ix_mileage_lot_source_order_id", "source_order_id"),
    )

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("ledger_account.id"))
    granted: Mapped[int]
    remaining: Mapped[int]
    source: Mapped[str]
    source_order_id: Mapped[uuid.UUID | None]
    source_part_id: Mapped[uuid.UUID | None]
    granted_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    end_told_at: Mapped[datetime | None]


class MileageLotUse(Base):
    """Which lots a tender's points came from, so that a refund gives them back to the same lots."""

    __tablename__ = "mileage_lot_use"
    __table_args__ = (
        CheckConstraint("returned BETWEEN 0 AND points", name="returned"),
        Index("ix_mileage_lot_use_tender_id", "tender_id"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    lot_id: Mapped[int] = mapped_column(ForeignKey("mileage_lot.id"))
    tender_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("tender.id"))
    points: Mapped[int]
    returned: Mapped[int] = mapped_column(server_default=text("0"))
