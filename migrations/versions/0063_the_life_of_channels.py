"""The life of channels: moves, ticked requirements, and what buyers are told."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0063"
down_revision = "0062"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("channel", sa.Column("notices", JSONB, nullable=False, server_default=sa.text("'{}'")))
    op.add_column("channel", sa.Column("support_email", sa.Text, nullable=False, server_default=""))
    op.create_table(
        "channel_check",
        sa.Column("channel_id", sa.BigInteger, nullable=False),
        sa.Column("requirement", sa.Text, nullable=False),
        sa.Column("done_by", sa.Text, nullable=False),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["channel_id"], ["channel.id"], name="fk_channel_check_channel_id"),
        sa.PrimaryKeyConstraint("channel_id", "requirement", name="pk_channel_check"),
    )
    op.create_table(
        "channel_move",
        sa.Column("id", sa.BigInteger, sa.Identity(always=True), nullable=False),
        sa.Column("channel_id", sa.BigInteger, nullable=False),
        sa.Column("from_state", sa.Text, nullable=False),
        sa.Column("to_state", sa.Text, nullable=False),
        sa.Column("by", sa.Text, nullable=False),
        sa.Column("note", sa.Text),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["channel_id"], ["channel.id"], name="fk_channel_move_channel_id"),
        sa.PrimaryKeyConstraint("id", name="pk_channel_move"),
    )
    op.create_index("ix_channel_move_channel_id", "channel_move", ["channel_id", sa.text("id DESC")])
    op.execute("GRANT SELECT, INSERT, DELETE ON channel_check TO portal_app")
    op.execute("GRANT SELECT, INSERT ON channel_move TO portal_app")


def downgrade() -> None:
    op.drop_table("channel_move")
    op.drop_table("channel_check")
    op.drop_column("channel", "support_email")
    op.drop_column("channel", "notices")
