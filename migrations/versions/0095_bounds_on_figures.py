"""Bounds on figures, and alerts when they are left."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0095"
down_revision = "0094"
branch_labels = None
depends_on = None

AT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "figure_bound",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("measure", sa.Text, nullable=False),
        sa.Column("direction", sa.Text, nullable=False),
        sa.Column("limit_value", sa.BigInteger, nullable=False),
        sa.Column("days", sa.Integer, nullable=False),
        sa.Column("currency", sa.Text, nullable=False),
        sa.Column("channel_id", sa.BigInteger),
        sa.Column("store_id", sa.BigInteger),
        sa.Column("is_shared", sa.Boolean, nullable=False),
        sa.Column("made_by", sa.Uuid, nullable=False),
        sa.Column("made_at", AT, nullable=False),
        sa.Column("watched_at", AT, nullable=False),
        sa.Column("ended_at", AT),
        sa.CheckConstraint("direction IN ('above', 'below', 'change')", name=op.f("ck_figure_bound_direction")),
        sa.CheckConstraint("days BETWEEN 1 AND 366 AND limit_value >= 0", name=op.f("ck_figure_bound_numbers")),
        sa.ForeignKeyConstraint(["channel_id"], ["channel.id"], name=op.f("fk_figure_bound_channel_id")),
        sa.ForeignKeyConstraint(["store_id"], ["store.id"], name=op.f("fk_figure_bound_store_id")),
        sa.ForeignKeyConstraint(["made_by"], ["user_account.id"], name=op.f("fk_figure_bound_made_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_figure_bound")),
    )
    op.create_index("ix_figure_bound_open", "figure_bound", ["id"], postgresql_where=sa.text("ended_at IS NULL"))
    op.create_table(
        "figure_alert",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("bound_id", sa.Uuid, nullable=False),
        sa.Column("subject", sa.Text, server_default="", nullable=False),
        sa.Column("value", sa.BigInteger, nullable=False),
        sa.Column("before_value", sa.BigInteger),
        sa.Column("raised_at", AT, nullable=False),
        sa.Column("ended_at", AT),
        sa.Column("seen_at", AT),
        sa.Column("seen_by", sa.Uuid),
        sa.ForeignKeyConstraint(["bound_id"], ["figure_bound.id"], name=op.f("fk_figure_alert_bound_id")),
        sa.ForeignKeyConstraint(["seen_by"], ["user_account.id"], name=op.f("fk_figure_alert_seen_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_figure_alert")),
    )
    op.create_index(
        "uq_figure_alert_open",
        "figure_alert",
        ["bound_id"],
        unique=True,
        postgresql_where=sa.text("ended_at IS NULL AND subject = ''"),
    )
    op.create_index(
        "uq_figure_alert_subject",
        "figure_alert",
        ["bound_id", "subject"],
        unique=True,
        postgresql_where=sa.text("subject <> ''"),
    )
    op.create_index("ix_figure_alert_raised_at", "figure_alert", [sa.text("raised_at DESC"), sa.text("id DESC")])
    op.execute("GRANT SELECT, INSERT, UPDATE ON figure_bound, figure_alert TO portal_app")


def downgrade() -> None:
    op.drop_table("figure_alert")
    op.drop_table("figure_bound")
