"""A channel says what kind it is, who answers for it, its texts of law, and settings of its own."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0101"
down_revision = "0100"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("channel", sa.Column("kind", sa.Text(), nullable=False, server_default="web"))
    op.add_column("channel", sa.Column("manager_id", sa.Uuid(), nullable=True))
    op.add_column("channel", sa.Column("legal", JSONB(), nullable=False, server_default=sa.text("'{}'")))
    op.add_column("channel", sa.Column("extensions", JSONB(), nullable=False, server_default=sa.text("'{}'")))
    op.create_check_constraint(op.f("ck_channel_kind"), "channel", "kind IN ('web', 'mobile', 'partner', 'kiosk')")
    op.create_foreign_key(op.f("fk_channel_manager_id"), "channel", "user_account", ["manager_id"], ["id"])
    op.create_index(
        "ix_channel_manager_id", "channel", ["manager_id"], postgresql_where=sa.text("manager_id IS NOT NULL")
    )


def downgrade() -> None:
    op.drop_index("ix_channel_manager_id", "channel")
    op.drop_constraint(op.f("fk_channel_manager_id"), "channel")
    op.drop_constraint(op.f("ck_channel_kind"), "channel")
    for column in ("extensions", "legal", "manager_id", "kind"):
        op.drop_column("channel", column)
