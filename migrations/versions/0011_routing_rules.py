"""Versions of the routing rules, when each was in force, and what decided the way of an attempt."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0011"
down_revision = "0028"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("payment_attempt", sa.Column("decision", JSONB))
    op.create_table(
        "routing_version",
        sa.Column("version", sa.Integer, autoincrement=False, nullable=False),
        sa.Column("rules", JSONB, nullable=False),
        sa.Column("note", sa.Text, nullable=False),
        sa.Column("author_id", sa.Uuid, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("version > 0", name=op.f("ck_routing_version_version")),
        sa.ForeignKeyConstraint(["author_id"], ["user_account.id"], name="fk_routing_version_author_id"),
        sa.PrimaryKeyConstraint("version", name="pk_routing_version"),
    )
    op.create_table(
        "routing_release",
        sa.Column("id", sa.BigInteger, sa.Identity(always=True), nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("replaces_id", sa.BigInteger, nullable=False),
        sa.Column("released_by", sa.Uuid, nullable=False),
        sa.Column("released_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["version"], ["routing_version.version"], name="fk_routing_release_version"),
        sa.ForeignKeyConstraint(["released_by"], ["user_account.id"], name="fk_routing_release_released_by"),
        sa.PrimaryKeyConstraint("id", name="pk_routing_release"),
        sa.UniqueConstraint("replaces_id", name="uq_routing_release_replaces_id"),
    )
    # What was written, and what was in force when, stays as it was.
    op.execute("GRANT SELECT, INSERT ON routing_version, routing_release TO portal_app")


def downgrade() -> None:
    op.drop_table("routing_release")
    op.drop_table("routing_version")
    op.drop_column("payment_attempt", "decision")
