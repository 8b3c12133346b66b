"""Rules of mileage and tiers in versions, and the tier of each person with its history."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0035"
down_revision = "0034"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "loyalty_version",
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("version", sa.Integer, autoincrement=False, nullable=False),
        sa.Column("body", JSONB, nullable=False),
        sa.Column("note", sa.Text, nullable=False),
        sa.Column("author_id", sa.Uuid, nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("kind IN ('mileage', 'tiers')", name=op.f("ck_loyalty_version_kind")),
        sa.CheckConstraint("version > 0", name=op.f("ck_loyalty_version_version")),
        sa.CheckConstraint("starts_at >= created_at", name=op.f("ck_loyalty_version_start")),
        sa.ForeignKeyConstraint(["author_id"], ["user_account.id"], name="fk_loyalty_version_author_id"),
        sa.PrimaryKeyConstraint("kind", "version", name="pk_loyalty_version"),
    )
    op.create_index(
        "ix_loyalty_version_starts_at", "loyalty_version", ["kind", sa.text("starts_at DESC"), sa.text("version DESC")]
    )
    op.create_table(
        "member_tier",
        sa.Column("user_id", sa.Uuid, nullable=False),
        sa.Column("tier", sa.Text, nullable=False),
        sa.Column("spend_minor", sa.BigInteger, server_default=sa.text("0"), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("checked_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name="fk_member_tier_user_id"),
        sa.PrimaryKeyConstraint("user_id", name="pk_member_tier"),
    )
    op.create_index("ix_member_tier_until", "member_tier", ["until"])
    op.create_table(
        "tier_move",
        sa.Column("id", sa.BigInteger, sa.Identity(always=True), nullable=False),
        sa.Column("user_id", sa.Uuid, nullable=False),
        sa.Column("from_tier", sa.Text),
        sa.Column("to_tier", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("spend_minor", sa.BigInteger, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name="fk_tier_move_user_id"),
        sa.PrimaryKeyConstraint("id", name="pk_tier_move"),
    )
    op.create_index("ix_tier_move_user_id", "tier_move", ["user_id", sa.text("id DESC")])
    op.execute("GRANT SELECT, INSERT ON loyalty_version, tier_move TO portal_app")
    op.execute("GRANT SELECT, INSERT, UPDATE, DELETE ON member_tier TO portal_app")


def downgrade() -> None:
    op.drop_table("tier_move")
    op.drop_table("member_tier")
    op.drop_table("loyalty_version")
