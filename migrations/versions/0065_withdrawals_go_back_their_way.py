"""Withdrawals go back through the payments that the deposit came from: legs without an order (REF-08)."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0065"
down_revision = "0064"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("refund_leg", sa.Column("withdrawal_id", sa.Uuid))
    op.create_foreign_key("fk_refund_leg_withdrawal_id", "refund_leg", "withdrawal", ["withdrawal_id"], ["id"])
    for name in ("refund_id", "tender_id"):
        op.alter_column("refund_leg", name, nullable=True)
    op.create_check_constraint(
        op.f("ck_refund_leg_behind"),
        "refund_leg",
        "(refund_id IS NULL) <> (withdrawal_id IS NULL) AND (refund_id IS NULL) = (tender_id IS NULL)",
    )
    op.create_index(
        "ix_refund_leg_withdrawal_id",
        "refund_leg",
        ["withdrawal_id"],
        postgresql_where=sa.text("withdrawal_id IS NOT NULL"),
    )
    op.create_index("ix_refund_leg_attempt_id", "refund_leg", ["attempt_id"])
    op.add_column("withdrawal", sa.Column("returned_minor", sa.BigInteger, server_default=sa.text("0"), nullable=False))
    op.create_check_constraint(
        op.f("ck_withdrawal_returned"), "withdrawal", "returned_minor BETWEEN 0 AND amount_minor"
    )
    op.alter_column("withdrawal", "bank", nullable=True)


def downgrade() -> None:
    op.execute("UPDATE withdrawal SET bank = ''::bytea WHERE bank IS NULL")
    op.alter_column("withdrawal", "bank", nullable=False)
    op.drop_constraint(op.f("ck_withdrawal_returned"), "withdrawal")
    op.drop_column("withdrawal", "returned_minor")
    op.drop_index("ix_refund_leg_attempt_id", "refund_leg")
    op.drop_index("ix_refund_leg_withdrawal_id", "refund_leg")
    op.drop_constraint(op.f("ck_refund_leg_behind"), "refund_leg")
    op.execute("DELETE FROM refund_leg WHERE withdrawal_id IS NOT NULL")
    for name in ("refund_id", "tender_id"):
        op.alter_column("refund_leg", name, nullable=False)
    op.drop_constraint("fk_refund_leg_withdrawal_id", "refund_leg")
    op.drop_column("refund_leg", "withdrawal_id")
