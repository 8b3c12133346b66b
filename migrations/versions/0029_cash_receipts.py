"""Cash receipts: under which number a payment is filed, and every filing."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "cash_receipt_wish",
        sa.Column("payment_id", sa.Uuid, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("number", sa.LargeBinary, nullable=False),
        sa.Column("tries", sa.Integer, server_default="0", nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True)),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("kind IN ('personal', 'business')", name=op.f("ck_cash_receipt_wish_kind")),
        sa.ForeignKeyConstraint(["payment_id"], ["payment.id"], name="fk_cash_receipt_wish_payment_id"),
        sa.PrimaryKeyConstraint("payment_id", name="pk_cash_receipt_wish"),
    )
    op.create_index(
        "ix_cash_receipt_wish_due", "cash_receipt_wish", ["due_at"], postgresql_where=sa.text("due_at IS NOT NULL")
    )
    op.create_table(
        "cash_receipt",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("payment_id", sa.Uuid, nullable=False),
        sa.Column("n", sa.Integer, nullable=False),
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("amount_minor", sa.BigInteger, nullable=False),
        sa.Column("currency", sa.Text, nullable=False),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("issue_number", sa.Text),
        sa.Column("url", sa.Text),
        sa.Column("reason", sa.Text),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("issued_at", sa.DateTime(timezone=True)),
        sa.Column("cancelled_at", sa.DateTime(timezone=True)),
        sa.CheckConstraint("amount_minor > 0", name=op.f("ck_cash_receipt_amount")),
        sa.CheckConstraint(
            "status IN ('sent', 'issued', 'cancelling', 'cancelled', 'failed')", name=op.f("ck_cash_receipt_status")
        ),
        sa.ForeignKeyConstraint(["payment_id"], ["cash_receipt_wish.payment_id"], name="fk_cash_receipt_payment_id"),
        sa.PrimaryKeyConstraint("id", name="pk_cash_receipt"),
        sa.UniqueConstraint("payment_id", "n", name="uq_cash_receipt_payment_id_n"),
        sa.UniqueConstraint("key", name="uq_cash_receipt_key"),
    )
    op.create_index(
        "uq_cash_receipt_in_force",
        "cash_receipt",
        ["payment_id"],
        unique=True,
        postgresql_where=sa.text("status IN ('sent', 'issued', 'cancelling')"),
    )
    op.execute("GRANT SELECT, INSERT, UPDATE ON cash_receipt_wish, cash_receipt TO portal_app")


def downgrade() -> None:
    op.drop_table("cash_receipt")
    op.drop_table("cash_receipt_wish")
