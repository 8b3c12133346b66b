"""Reports that come regularly."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0098"
down_revision = "0097"
branch_labels = None
depends_on = None

AT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "report_plan",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("report", sa.Text, nullable=False),
        sa.Column("format", sa.Text, nullable=False),
        sa.Column("every", sa.Text, nullable=False),
        sa.Column("locale", sa.Text, nullable=False),
        sa.Column("zone", sa.Text, nullable=False),
        sa.Column("made_by", sa.Uuid, nullable=False),
        sa.Column("made_at", AT, nullable=False),
        sa.Column("next_at", AT, nullable=False),
        sa.Column("ended_at", AT),
        sa.CheckConstraint("every IN ('day', 'week', 'month')", name=op.f("ck_report_plan_every")),
        sa.CheckConstraint("format IN ('csv', 'xlsx', 'pdf')", name=op.f("ck_report_plan_format")),
        sa.ForeignKeyConstraint(["made_by"], ["user_account.id"], name=op.f("fk_report_plan_made_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_report_plan")),
    )
    op.create_index("ix_report_plan_due", "report_plan", ["next_at"], postgresql_where=sa.text("ended_at IS NULL"))
    op.add_column("list_export", sa.Column("plan_id", sa.Uuid))
    op.create_foreign_key("fk_list_export_plan_id", "list_export", "report_plan", ["plan_id"], ["id"])
    op.execute("GRANT SELECT, INSERT, UPDATE ON report_plan TO portal_app")


def downgrade() -> None:
    op.drop_constraint("fk_list_export_plan_id", "list_export")
    op.drop_column("list_export", "plan_id")
    op.drop_table("report_plan")
