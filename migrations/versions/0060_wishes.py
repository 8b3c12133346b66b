"""Wishlists."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0060"
down_revision = "0059"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "wish",
        sa.Column("user_id", sa.Uuid, nullable=False),
        sa.Column("variant_id", sa.BigInteger, nullable=False),
        sa.Column("channel_id", sa.BigInteger, nullable=False),
        sa.Column("seen_minor", sa.BigInteger, nullable=False),
        sa.Column("was_in_stock", sa.Boolean, nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("seen_minor >= 0", name=op.f("ck_wish_seen")),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name=op.f("fk_wish_user_id")),
        sa.ForeignKeyConstraint(["variant_id"], ["variant.id"], name=op.f("fk_wish_variant_id")),
        sa.ForeignKeyConstraint(["channel_id"], ["channel.id"], name=op.f("fk_wish_channel_id")),
        sa.PrimaryKeyConstraint("user_id", "variant_id", name=op.f("pk_wish")),
    )
    op.create_index("ix_wish_variant_id", "wish", ["variant_id"])
    op.execute("GRANT SELECT, INSERT, UPDATE, DELETE ON wish TO portal_app")


def downgrade() -> None:
    op.drop_table("wish")
