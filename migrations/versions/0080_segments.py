"""Segments of customers in versions, their members, and who came and left."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0080"
down_revision = "0079"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "segment_version",
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("is_live", sa.Boolean, nullable=False),
        sa.Column("author_id", sa.Uuid, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("version > 0", name=op.f("ck_segment_version_version")),
        sa.ForeignKeyConstraint(["author_id"], ["user_account.id"], name="fk_segment_version_author_id"),
        sa.PrimaryKeyConstraint("key", "version", name="pk_segment_version"),
    )
    op.create_table(
        "segment_member",
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("user_id", sa.Uuid, nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name="fk_segment_member_user_id"),
        sa.PrimaryKeyConstraint("key", "user_id", name="pk_segment_member"),
    )
    op.create_index("ix_segment_member_user_id", "segment_member", ["user_id"])
    op.create_table(
        "segment_move",
        sa.Column("id", sa.BigInteger, sa.Identity(always=True), nullable=False),
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("user_id", sa.Uuid, nullable=False),
        sa.Column("entered", sa.Boolean, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name="fk_segment_move_user_id"),
        sa.PrimaryKeyConstraint("id", name="pk_segment_move"),
    )
    op.create_index("ix_segment_move_key", "segment_move", ["key", "id"])
    op.execute("GRANT SELECT, INSERT ON segment_version, segment_move TO portal_app")
    op.execute("GRANT SELECT, INSERT, DELETE ON segment_member TO portal_app")


def downgrade() -> None:
    for name in ("segment_move", "segment_member", "segment_version"):
        op.drop_table(name)
