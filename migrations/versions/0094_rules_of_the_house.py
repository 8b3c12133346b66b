"""Rules of the house in versions, who has confirmed them, what is blocked until then, and each override with its why."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0094"
down_revision = "0093"
branch_labels = None
depends_on = None

AT = sa.DateTime(timezone=True)
ID = sa.BigInteger
KINDS = "'policy', 'branding'"


def upgrade() -> None:
    op.create_table(
        "house_rule",
        sa.Column("id", ID, sa.Identity(always=True), nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("version", ID, nullable=False),
        sa.Column("words", postgresql.JSONB, nullable=False),
        sa.Column("features", postgresql.ARRAY(sa.Text), nullable=False),
        sa.Column("fixed", postgresql.ARRAY(sa.Text), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("due_at", AT, nullable=False),
        sa.Column("written_by", sa.Text, nullable=False),
        sa.Column("written_at", AT, nullable=False),
        sa.CheckConstraint(f"kind IN ({KINDS})", name=op.f("ck_house_rule_kind")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_house_rule")),
        sa.UniqueConstraint("kind", "version", name=op.f("uq_house_rule_kind_version")),
    )
    op.create_table(
        "channel_confirmation",
        sa.Column("channel_id", ID, autoincrement=False, nullable=False),
        sa.Column("rule_id", ID, autoincrement=False, nullable=False),
        sa.Column("note", sa.Text, nullable=False),
        sa.Column("by", sa.Text, nullable=False),
        sa.Column("at", AT, nullable=False),
        sa.ForeignKeyConstraint(["channel_id"], ["channel.id"], name=op.f("fk_channel_confirmation_channel_id")),
        sa.ForeignKeyConstraint(["rule_id"], ["house_rule.id"], name=op.f("fk_channel_confirmation_rule_id")),
        sa.PrimaryKeyConstraint("channel_id", "rule_id", name=op.f("pk_channel_confirmation")),
    )
    op.create_table(
        "channel_block",
        sa.Column("channel_id", ID, autoincrement=False, nullable=False),
        sa.Column("rule_id", ID, autoincrement=False, nullable=False),
        sa.Column("began_at", AT, nullable=False),
        sa.Column("ended_at", AT),
        sa.ForeignKeyConstraint(["channel_id"], ["channel.id"], name=op.f("fk_channel_block_channel_id")),
        sa.ForeignKeyConstraint(["rule_id"], ["house_rule.id"], name=op.f("fk_channel_block_rule_id")),
        sa.PrimaryKeyConstraint("channel_id", "rule_id", name=op.f("pk_channel_block")),
    )
    op.create_table(
        "override_decision",
        sa.Column("id", ID, sa.Identity(always=True), nullable=False),
        sa.Column("channel_id", ID, nullable=False),
        sa.Column("term", sa.Text, nullable=False),
        sa.Column("before", sa.Text),
        sa.Column("after", sa.Text),
        sa.Column("why", sa.Text, nullable=False),
        sa.Column("by", sa.Text, nullable=False),
        sa.Column("at", AT, nullable=False),
        sa.ForeignKeyConstraint(["channel_id"], ["channel.id"], name=op.f("fk_override_decision_channel_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_override_decision")),
    )
    op.create_index("ix_override_decision_channel_id", "override_decision", ["channel_id", sa.text("id DESC")])
    op.execute("GRANT SELECT, INSERT ON house_rule, channel_confirmation, override_decision TO portal_app")
    op.execute("GRANT SELECT, INSERT, UPDATE ON channel_block TO portal_app")


def downgrade() -> None:
    op.drop_table("override_decision")
    op.drop_table("channel_block")
    op.drop_table("channel_confirmation")
    op.drop_table("house_rule")
