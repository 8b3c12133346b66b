"""What the dashboards add up: facts by day, and up to when they are true."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0057"
down_revision = "0056"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "figure_day",
        sa.Column("fact", sa.Text, nullable=False),
        sa.Column("day", sa.Date, nullable=False),
        sa.Column("channel_id", sa.BigInteger, nullable=False),
        sa.Column("store_id", sa.BigInteger, nullable=False),
        sa.Column("currency", sa.Text, nullable=False),
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("value", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("fact", "day", "channel_id", "store_id", "currency", "key", name="pk_figure_day"),
    )
    op.create_index("ix_figure_day_day", "figure_day", ["day"])
    op.create_table(
        "figure_state",
        sa.Column("id", sa.BigInteger, nullable=False),
        sa.Column("transition_id", sa.BigInteger, nullable=False, server_default=sa.text("0")),
        sa.Column("renewed_at", sa.DateTime(timezone=True)),
        sa.Column("proved_at", sa.DateTime(timezone=True)),
        sa.Column("proved_differences", sa.BigInteger, nullable=False, server_default=sa.text("0")),
        sa.CheckConstraint("id = 1", name=op.f("ck_figure_state_one")),
        sa.PrimaryKeyConstraint("id", name="pk_figure_state"),
    )
    # Derived from other tables: what no longer holds is taken away.
    op.execute("GRANT SELECT, INSERT, UPDATE, DELETE ON figure_day TO portal_app")
    op.execute("GRANT SELECT, INSERT, UPDATE ON figure_state TO portal_app")
    # A day's postings lie together, and this costs next to nothing when one is written.
    op.create_index("ix_ledger_posting_at", "ledger_posting", ["at"], postgresql_using="brin")


def downgrade() -> None:
    op.drop_index("ix_ledger_posting_at", "ledger_posting")
    op.drop_table("figure_state")
    op.drop_table("figure_day")
