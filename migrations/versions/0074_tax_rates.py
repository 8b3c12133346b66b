"""Rates of tax by channel and section, from a moment on; an order keeps the rate of its shipping."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0074"
down_revision = "0073"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "tax_rate",
        sa.Column("id", sa.BigInteger, sa.Identity(always=True), nullable=False),
        sa.Column("channel_id", sa.BigInteger, nullable=False),
        sa.Column("section_id", sa.BigInteger),
        sa.Column("rate", sa.Numeric(20, 10), nullable=False),
        sa.Column("inclusive", sa.Boolean),
        sa.Column("valid_from", sa.DateTime(timezone=True), nullable=False),
        sa.Column("note", sa.Text, nullable=False),
        sa.Column("set_by", sa.Uuid, nullable=False),
        sa.Column("set_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("withdrawn_by", sa.Uuid),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True)),
        sa.CheckConstraint("rate BETWEEN 0 AND 1", name=op.f("ck_tax_rate_rate")),
        sa.CheckConstraint("(section_id IS NULL) = (inclusive IS NOT NULL)", name=op.f("ck_tax_rate_inclusive")),
        sa.CheckConstraint("valid_from >= set_at", name=op.f("ck_tax_rate_valid_from")),
        sa.CheckConstraint("withdrawn_at < valid_from", name=op.f("ck_tax_rate_withdrawn")),
        sa.CheckConstraint("(withdrawn_at IS NULL) = (withdrawn_by IS NULL)", name=op.f("ck_tax_rate_withdrawn_by")),
        sa.ForeignKeyConstraint(["channel_id"], ["channel.id"], name="fk_tax_rate_channel_id"),
        sa.ForeignKeyConstraint(["section_id"], ["section.id"], name="fk_tax_rate_section_id"),
        sa.ForeignKeyConstraint(["set_by"], ["user_account.id"], name="fk_tax_rate_set_by"),
        sa.ForeignKeyConstraint(["withdrawn_by"], ["user_account.id"], name="fk_tax_rate_withdrawn_by"),
        sa.PrimaryKeyConstraint("id", name="pk_tax_rate"),
    )
    op.create_index(
        "uq_tax_rate_moment",
        "tax_rate",
        ["channel_id", sa.text("coalesce(section_id, 0)"), "valid_from"],
        unique=True,
        postgresql_where=sa.text("withdrawn_at IS NULL"),
    )
    op.execute("GRANT SELECT, INSERT ON tax_rate TO portal_app")
    op.execute("GRANT UPDATE (withdrawn_by, withdrawn_at) ON tax_rate TO portal_app")
    # Orders of before bore one rate in all: that of their lines.
    op.add_column("orders", sa.Column("shipping_tax_rate", sa.Text))


def downgrade() -> None:
    op.drop_column("orders", "shipping_tax_rate")
    op.drop_table("tax_rate")
