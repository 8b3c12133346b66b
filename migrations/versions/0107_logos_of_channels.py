"""Channels have pictures, too: their logos."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0107"
down_revision = "0106"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.alter_column("photo", "store_id", nullable=True)
    op.add_column("photo", sa.Column("channel_id", sa.BigInteger(), sa.ForeignKey("channel.id")))
    op.create_check_constraint(op.f("ck_photo_owner"), "photo", "num_nonnulls(store_id, channel_id) = 1")
    op.create_index("ix_photo_channel_id", "photo", ["channel_id"], postgresql_where=sa.text("channel_id IS NOT NULL"))


def downgrade() -> None:
    op.execute("UPDATE channel SET brand = brand - 'logo'")
    op.execute("DELETE FROM photo WHERE store_id IS NULL")
    op.drop_index("ix_photo_channel_id", "photo")
    op.drop_constraint(op.f("ck_photo_owner"), "photo")
    op.drop_column("photo", "channel_id")
    op.alter_column("photo", "store_id", nullable=False)
