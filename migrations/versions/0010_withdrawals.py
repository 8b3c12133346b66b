"""Withdrawals of deposit: requests with the reasons why somebody looks at them, and their payouts."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "withdrawal",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("user_id", sa.Uuid, nullable=False),
        sa.Column("idem_key", sa.Text, nullable=False),
        sa.Column("currency", sa.Text, nullable=False),
        sa.Column("amount_minor", sa.BigInteger, nullable=False),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("holds", JSONB, server_default=sa.text("'[]'"), nullable=False),
        sa.Column("bank", sa.LargeBinary, nullable=False),
        sa.Column("requested_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_by", sa.Text),
        sa.Column("decided_at", sa.DateTime(timezone=True)),
        sa.Column("reason", sa.Text),
        sa.Column("closed_at", sa.DateTime(timezone=True)),
        sa.CheckConstraint("amount_minor > 0", name=op.f("ck_withdrawal_amount")),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name="fk_withdrawal_user_id"),
        sa.PrimaryKeyConstraint("id", name="pk_withdrawal"),
        sa.UniqueConstraint("idem_key", name="uq_withdrawal_idem_key"),
    )
    op.create_index("ix_withdrawal_user_id", "withdrawal", ["user_id", sa.text("requested_at DESC")])
    op.create_index("ix_withdrawal_requested_at", "withdrawal", [sa.text("requested_at DESC"), sa.text("id DESC")])
    op.add_column("payout", sa.Column("withdrawal_id", sa.Uuid))
    op.create_foreign_key("fk_payout_withdrawal_id", "payout", "withdrawal", ["withdrawal_id"], ["id"])
    op.create_index("uq_payout_withdrawal_id", "payout", ["withdrawal_id"], unique=True)
    op.create_check_constraint(
        op.f("ck_payout_purpose"), "payout", "(refund_leg_id IS NULL) <> (withdrawal_id IS NULL)"
    )
    op.execute("GRANT SELECT, INSERT, UPDATE, DELETE ON withdrawal TO portal_app")


def downgrade() -> None:
    op.drop_constraint(op.f("ck_payout_purpose"), "payout")
    op.drop_index("uq_payout_withdrawal_id", "payout")
    op.drop_constraint("fk_payout_withdrawal_id", "payout")
    op.drop_column("payout", "withdrawal_id")
    op.drop_table("withdrawal")
