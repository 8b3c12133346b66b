"""What became of campaigns on each channel when they began and ended."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0078"
down_revision = "0077"
branch_labels = None
depends_on = None

AT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "campaign_turn",
        sa.Column("campaign_id", sa.BigInteger, nullable=False),
        sa.Column("channel_id", sa.BigInteger, nullable=False),
        sa.Column("turn", sa.Text, nullable=False),
        sa.Column("due_at", AT, nullable=False),
        sa.Column("noted_at", AT, nullable=False),
        sa.Column("problem", sa.Text),
        sa.CheckConstraint("turn IN ('start', 'end')", name=op.f("ck_campaign_turn_turn")),
        sa.ForeignKeyConstraint(["campaign_id"], ["campaign.id"], name=op.f("fk_campaign_turn_campaign_id")),
        sa.ForeignKeyConstraint(["channel_id"], ["channel.id"], name=op.f("fk_campaign_turn_channel_id")),
        sa.PrimaryKeyConstraint("campaign_id", "channel_id", "turn", "due_at", name=op.f("pk_campaign_turn")),
    )
    op.execute("GRANT SELECT, INSERT ON campaign_turn TO portal_app")


def downgrade() -> None:
    op.drop_table("campaign_turn")
