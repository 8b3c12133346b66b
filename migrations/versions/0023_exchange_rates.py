"""Exchange rates as they were told."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "fx_rate",
        sa.Column("id", sa.BigInteger, sa.Identity(always=True), nullable=False),
        sa.Column("base", sa.Text, nullable=False),
        sa.Column("quote", sa.Text, nullable=False),
        sa.Column("rate", sa.Numeric, nullable=False),
        sa.Column("as_of", sa.DateTime(timezone=True), nullable=False),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("fetched_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("rate > 0", name=op.f("ck_fx_rate_rate")),
        sa.UniqueConstraint("base", "quote", "as_of", "source", name=op.f("uq_fx_rate_base_quote_as_of_source")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_fx_rate")),
    )
    op.create_index("ix_fx_rate_quote", "fx_rate", ["quote", sa.text("as_of DESC")])
    # What was told stays as it was.
    op.execute("GRANT SELECT, INSERT ON fx_rate TO portal_app")


def downgrade() -> None:
    op.drop_table("fx_rate")
