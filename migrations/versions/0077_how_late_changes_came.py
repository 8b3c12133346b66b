"""When events were told to open pages, and the times in which that was late."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0077"
down_revision = "0076"
branch_labels = None
depends_on = None

AT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.add_column("outbox_event", sa.Column("told_at", AT))
    op.create_table(
        "lag_incident",
        sa.Column("id", sa.BigInteger, sa.Identity(always=True), nullable=False),
        sa.Column("channel_id", sa.BigInteger),
        sa.Column("cause", sa.Text, nullable=False),
        sa.Column("late", sa.Integer, nullable=False),
        sa.Column("worst_ms", sa.BigInteger, nullable=False),
        sa.Column("opened_at", AT, nullable=False),
        sa.Column("closed_at", AT),
        sa.CheckConstraint("cause IN ('redis', 'relay', 'load')", name=op.f("ck_lag_incident_cause")),
        sa.ForeignKeyConstraint(["channel_id"], ["channel.id"], name=op.f("fk_lag_incident_channel_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lag_incident")),
    )
    op.create_index(
        "uq_lag_incident_open",
        "lag_incident",
        [sa.text("coalesce(channel_id, 0)")],
        unique=True,
        postgresql_where=sa.text("closed_at IS NULL"),
    )
    op.create_index("ix_lag_incident_opened_at", "lag_incident", ["opened_at"])
    op.execute("GRANT SELECT, INSERT, UPDATE ON lag_incident TO portal_app")


def downgrade() -> None:
    op.drop_table("lag_incident")
    op.drop_column("outbox_event", "told_at")
