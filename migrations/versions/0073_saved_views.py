"""Views of lists that people save, and the one with which a list opens."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0073"
down_revision = "0072"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "saved_view",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("list_name", sa.Text, nullable=False),
        sa.Column("store_id", sa.BigInteger),
        sa.Column("owner_id", sa.Uuid, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("query", sa.Text, nullable=False),
        sa.Column("is_shared", sa.Boolean, nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["store_id"], ["store.id"], name="fk_saved_view_store_id"),
        sa.ForeignKeyConstraint(["owner_id"], ["user_account.id"], name="fk_saved_view_owner_id"),
        sa.PrimaryKeyConstraint("id", name="pk_saved_view"),
    )
    op.create_index(
        "uq_saved_view_name",
        "saved_view",
        ["owner_id", "list_name", sa.text("coalesce(store_id, 0)"), sa.text("lower(name)")],
        unique=True,
    )
    op.create_index(
        "ix_saved_view_shared", "saved_view", ["list_name", "store_id"], postgresql_where=sa.text("is_shared")
    )
    op.create_table(
        "default_view",
        sa.Column("user_id", sa.Uuid, nullable=False),
        sa.Column("list_name", sa.Text, nullable=False),
        sa.Column("view_id", sa.Uuid, nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name="fk_default_view_user_id"),
        sa.ForeignKeyConstraint(["view_id"], ["saved_view.id"], name="fk_default_view_view_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("user_id", "list_name", name="pk_default_view"),
    )
    op.create_index("ix_default_view_view_id", "default_view", ["view_id"])
    op.execute("GRANT SELECT, INSERT, UPDATE, DELETE ON saved_view, default_view TO portal_app")


def downgrade() -> None:
    op.drop_table("default_view")
    op.drop_table("saved_view")
