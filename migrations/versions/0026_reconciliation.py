"""Reconciliation: gateways' reports, runs, and the differences that were found."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0026"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "settlement_report",
        sa.Column("id", sa.BigInteger, sa.Identity(always=True), nullable=False),
        sa.Column("gateway_account_id", sa.BigInteger, nullable=False),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("from_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("to_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("rows", sa.Integer, server_default=sa.text("0"), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("from_at < to_at", name=op.f("ck_settlement_report_period")),
        sa.ForeignKeyConstraint(
            ["gateway_account_id"], ["gateway_account.id"], name="fk_settlement_report_gateway_account_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_settlement_report"),
    )
    op.create_index("ix_settlement_report_account", "settlement_report", ["gateway_account_id", sa.text("to_at DESC")])
    op.create_table(
        "settlement_row",
        sa.Column("id", sa.BigInteger, sa.Identity(always=True), nullable=False),
        sa.Column("report_id", sa.BigInteger, nullable=False),
        sa.Column("gateway", sa.Text, nullable=False),
        sa.Column("ref", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("currency", sa.Text, nullable=False),
        sa.Column("gross_minor", sa.BigInteger, nullable=False),
        sa.Column("fee_minor", sa.BigInteger, nullable=False),
        sa.Column("charge_ref", sa.Text),
        sa.Column("refund_ref", sa.Text),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("fee_minor >= 0", name=op.f("ck_settlement_row_fee")),
        sa.ForeignKeyConstraint(["report_id"], ["settlement_report.id"], name="fk_settlement_row_report_id"),
        sa.PrimaryKeyConstraint("id", name="pk_settlement_row"),
        sa.UniqueConstraint("gateway", "ref", name="uq_settlement_row_gateway_ref"),
    )
    op.create_index("ix_settlement_row_charge", "settlement_row", ["gateway", "charge_ref"])
    op.create_index("ix_settlement_row_refund", "settlement_row", ["gateway", "refund_ref"])
    op.create_index("ix_settlement_row_report_id", "settlement_row", ["report_id"])
    op.create_table(
        "reconciliation_run",
        sa.Column("id", sa.BigInteger, sa.Identity(always=True), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("started_by", sa.Text, nullable=False),
        sa.Column("checks", sa.Integer, nullable=False),
        sa.Column("found", sa.Integer, nullable=False),
        sa.Column("opened", sa.Integer, nullable=False),
        sa.Column("closed", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_reconciliation_run"),
    )
    op.create_index("ix_reconciliation_run_started_at", "reconciliation_run", [sa.text("started_at DESC")])
    op.create_table(
        "reconciliation_break",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("currency", sa.Text),
        sa.Column("expected_minor", sa.BigInteger),
        sa.Column("found_minor", sa.BigInteger),
        sa.Column("facts", JSONB, server_default=sa.text("'{}'"), nullable=False),
        sa.Column("state", sa.Text, server_default="open", nullable=False),
        sa.Column("owner_id", sa.Uuid),
        sa.Column("note", sa.Text),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True)),
        sa.Column("closed_by", sa.Text),
        sa.CheckConstraint(
            "(closed_at IS NULL) = (state IN ('open', 'taken'))", name=op.f("ck_reconciliation_break_state")
        ),
        sa.ForeignKeyConstraint(["owner_id"], ["user_account.id"], name="fk_reconciliation_break_owner_id"),
        sa.PrimaryKeyConstraint("id", name="pk_reconciliation_break"),
    )
    op.create_index(
        "uq_reconciliation_break_open",
        "reconciliation_break",
        ["kind", "subject"],
        unique=True,
        postgresql_where=sa.text("closed_at IS NULL"),
    )
    op.create_index(
        "ix_reconciliation_break_opened_at", "reconciliation_break", [sa.text("opened_at DESC"), sa.text("id DESC")]
    )
    op.execute("GRANT SELECT, INSERT, UPDATE, DELETE ON reconciliation_break TO portal_app")
    # A report and a run are what they were.
    op.execute("GRANT SELECT, INSERT ON settlement_row, reconciliation_run TO portal_app")
    op.execute("GRANT SELECT, INSERT, UPDATE ON settlement_report TO portal_app")


def downgrade() -> None:
    for table in ("reconciliation_break", "reconciliation_run", "settlement_row", "settlement_report"):
        op.drop_table(table)
