"""A channel that ends names its successor, and what was handed over is kept."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0104"
down_revision = "0103"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "channel_wind_up",
        sa.Column("channel_id", sa.BigInteger(), sa.ForeignKey("channel.id"), primary_key=True, autoincrement=False),
        sa.Column("successor_id", sa.BigInteger(), sa.ForeignKey("channel.id")),
        sa.Column("handed", JSONB(), nullable=False),
        sa.Column("exports", JSONB(), nullable=False),
        sa.Column("done_by", sa.Text(), nullable=False),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("successor_id <> channel_id", name="successor"),
    )
    op.execute("GRANT SELECT, INSERT ON channel_wind_up TO portal_app")


def downgrade() -> None:
    op.drop_table("channel_wind_up")
