"""What people chose of their notices."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0061"
down_revision = "0060"
branch_labels = None
depends_on = None

AT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "notice_preference",
        sa.Column("user_id", sa.Uuid, nullable=False),
        sa.Column("choices", JSONB, nullable=False),
        sa.Column("quiet_from", sa.Integer),
        sa.Column("quiet_until", sa.Integer),
        sa.Column("time_zone", sa.Text, nullable=False),
        sa.Column("channel_id", sa.BigInteger, nullable=False),
        sa.Column("digested_at", AT, nullable=False),
        sa.Column("digest_at", AT),
        sa.CheckConstraint(
            "num_nulls(quiet_from, quiet_until) IN (0, 2) AND quiet_from BETWEEN 0 AND 23"
            " AND quiet_until BETWEEN 0 AND 23",
            name=op.f("ck_notice_preference_quiet"),
        ),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name=op.f("fk_notice_preference_user_id")),
        sa.ForeignKeyConstraint(["channel_id"], ["channel.id"], name=op.f("fk_notice_preference_channel_id")),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_notice_preference")),
    )
    op.create_index(
        "ix_notice_preference_digest_at",
        "notice_preference",
        ["digest_at"],
        postgresql_where=sa.text("digest_at IS NOT NULL"),
    )
    op.execute("GRANT SELECT, INSERT, UPDATE ON notice_preference TO portal_app")


def downgrade() -> None:
    op.drop_table("notice_preference")
