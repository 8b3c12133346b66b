"""Reconciliation: what the gateways report, and the differences that were found (BAL-11)."""

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Identity, Index, Integer, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from portal.db import Base


class SettlementReport(Base):
    """A period for which a gateway's report was received whole."""

    __tablename__ = "settlement_report"
    __table_args__ = (
        CheckConstraint("from_at < to_at", name="period"),
        Index("ix_settlement_report_account", "gateway_account_id", text("to_at DESC")),
    )

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    gateway_account_id: Mapped[int] = mapped_column(ForeignKey("gateway_account.id"))
    source: Mapped[str]
    from_at: Mapped[datetime]
    to_at: Mapped[datetime]
    rows: Mapped[int] = mapped_column(Integer, server_default=text("0"))
    received_at: Mapped[datetime]


class SettlementRow(Base):
    """One movement of a gateway's balance. Kept as reported and never changed."""

    __tablename__ = "settlement_row"
    __table_args__ = (
        CheckConstraint("fee_minor >= 0", name="fee"),
        CheckConstraint("num_nulls(charged_currency, charged_minor) IN (0, 2)", name="charged"),
        UniqueConstraint("gateway", "ref"),
        Index("ix_settlement_row_charge", "gateway", "charge_ref"),
        Index("ix_settlement_row_refund", "gateway", "refund_ref"),
        Index("ix_settlement_row_report_id", "report_id"),
    )

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    report_id: Mapped[int] = mapped_column(ForeignKey("settlement_report.id"))
    gateway: Mapped[str]
    ref: Mapped[str]
    kind: Mapped[str]
    currency: Mapped[str]
    gross_minor: Mapped[int]
    fee_minor: Mapped[int]
    charge_ref: Mapped[str | None]
    refund_ref: Mapped[str | None]
    # What the buyer was charged or given back, where the gateway settles it in another currency.
    charged_currency: Mapped[str | None]
    charged_minor: Mapped[int | None]
    at: Mapped[datetime]


class ReconciliationRun(Base):
    """One comparison of everything with everything."""

    __tablename__ = "reconciliation_run"
    __table_args__ = (Index("ix_reconciliation_run_started_at", text("started_at DESC")),)

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    started_at: Mapped[datetime]
    ended_at: Mapped[datetime]
    started_by: Mapped[str]
    checks: Mapped[int] = mapped_column(Integer)
    found: Mapped[int] = mapped_column(Integer)
    opened: Mapped[int] = mapped_column(Integer)
    closed: Mapped[int] = mapped_column(Integer)


class ReconciliationBreak(Base):
    """A difference, from the run that found it to the one that finds it gone, or to whoever explains it."""

    __tablename__ = "reconciliation_break"
    __table_args__ = (
        CheckConstraint("(closed_at IS NULL) = (state IN ('open', 'taken'))", name="state"),
        Index(
            "uq_reconciliation_break_open", "kind", "subject", unique=True, postgresql_where=text("closed_at IS NULL")
        ),
        Index("ix_reconciliation_break_opened_at", text("opened_at DESC"), text("id DESC")),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    kind: Mapped[str]
    subject: Mapped[str]
    currency: Mapped[str | None]
    expected_minor: Mapped[int | None]
    found_minor: Mapped[int | None]
    facts: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))
    state: Mapped[str] = mapped_column(server_default="open")
    owner_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("user_account.id"))
    note: Mapped[str | None]
    opened_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]
    closed_by: Mapped[str | None]
