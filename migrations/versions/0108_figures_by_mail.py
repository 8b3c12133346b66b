"""Figures of a board come regularly, by mail."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0108"
down_revision = "0107"
branch_labels = None
depends_on = None

FORMAT = "ck_report_plan_format"


def upgrade() -> None:
    op.add_column("report_plan", sa.Column("board", sa.Text))
    op.add_column("report_plan", sa.Column("currency", sa.Text))
    op.add_column("report_plan", sa.Column("channel_id", sa.BigInteger))
    op.add_column("report_plan", sa.Column("store_id", sa.BigInteger))
    op.create_foreign_key("fk_report_plan_channel_id", "report_plan", "channel", ["channel_id"], ["id"])
    op.create_foreign_key("fk_report_plan_store_id", "report_plan", "store", ["store_id"], ["id"])
    op.drop_constraint(op.f(FORMAT), "report_plan")
    op.create_check_constraint(op.f(FORMAT), "report_plan", "format IN ('csv', 'xlsx', 'pdf', 'mail')")
    op.create_check_constraint(
        op.f("ck_report_plan_sight"),
        "report_plan",
        "num_nulls(board, currency) = CASE format WHEN 'mail' THEN 0 ELSE 2 END",
    )
    op.create_check_constraint(
        op.f("ck_report_plan_store"), "report_plan", "(store_id IS NOT NULL) = (coalesce(board, '') = 'store')"
    )
    op.create_index(
        "uq_report_plan_sight",
        "report_plan",
        ["made_by", "board", "currency", sa.text("coalesce(channel_id, 0)"), sa.text("coalesce(store_id, 0)")],
        unique=True,
        postgresql_where=sa.text("ended_at IS NULL AND board IS NOT NULL"),
    )


def downgrade() -> None:
    op.execute("DELETE FROM report_plan WHERE format = 'mail'")
    op.drop_index("uq_report_plan_sight", "report_plan")
    for name in ("store", "sight"):
        op.drop_constraint(op.f(f"ck_report_plan_{name}"), "report_plan")
    op.drop_constraint(op.f(FORMAT), "report_plan")
    op.create_check_constraint(op.f(FORMAT), "report_plan", "format IN ('csv', 'xlsx', 'pdf')")
    for column in ("store_id", "channel_id", "currency", "board"):
        op.drop_column("report_plan", column)
