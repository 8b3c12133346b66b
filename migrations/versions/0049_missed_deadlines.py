"""Deadlines of sellers that were near or missed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0049"
down_revision = "0048"
branch_labels = None
depends_on = None

AT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "part_deadline",
        sa.Column("part_id", sa.Uuid, nullable=False),
        sa.Column("step", sa.Text, nullable=False),
        sa.Column("due_at", AT, nullable=False),
        sa.Column("warned_at", AT),
        sa.Column("missed_at", AT),
        sa.CheckConstraint("step IN ('accept', 'ship', 'deliver')", name=op.f("ck_part_deadline_step")),
        sa.ForeignKeyConstraint(["part_id"], ["order_part.id"], name=op.f("fk_part_deadline_part_id")),
        sa.PrimaryKeyConstraint("part_id", "step", name=op.f("pk_part_deadline")),
    )
    op.create_index("ix_part_deadline_missed_at", "part_deadline", ["missed_at"])
    op.execute("GRANT SELECT, INSERT, UPDATE ON part_deadline TO portal_app")


def downgrade() -> None:
    op.drop_table("part_deadline")
