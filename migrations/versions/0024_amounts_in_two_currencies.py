"""Amounts in the platform's currency beside those that are charged, with the rate that was shown."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0012"
branch_labels = None
depends_on = None

BOTH = ("orders", "payment")
ALL_OR_NOTHING = "num_nulls(platform_currency, platform_minor, fx_rate, fx_source, fx_as_of) IN (0, 5)"


def upgrade() -> None:
    for table in BOTH:
        op.add_column(table, sa.Column("platform_currency", sa.Text))
        op.add_column(table, sa.Column("platform_minor", sa.BigInteger))
        op.add_column(table, sa.Column("fx_rate", sa.Numeric))
        op.add_column(table, sa.Column("fx_source", sa.Text))
        op.add_column(table, sa.Column("fx_as_of", sa.DateTime(timezone=True)))
        op.execute(f"ALTER TABLE {table} ADD CONSTRAINT ck_{table}_fx CHECK ({ALL_OR_NOTHING}) NOT VALID")
    op.add_column("refund_leg", sa.Column("platform_minor", sa.BigInteger))
    op.add_column("refund_leg", sa.Column("fx_loss_minor", sa.BigInteger))
    op.add_column("settlement_row", sa.Column("charged_currency", sa.Text))
    op.add_column("settlement_row", sa.Column("charged_minor", sa.BigInteger))
    op.execute(
        "ALTER TABLE settlement_row ADD CONSTRAINT ck_settlement_row_charged"
        " CHECK (num_nulls(charged_currency, charged_minor) IN (0, 2)) NOT VALID"
    )
    # Looked at in transactions of their own: the lock of those above lets nobody buy meanwhile.
    with op.get_context().autocommit_block():
        for table in BOTH:
            op.execute(f"ALTER TABLE {table} VALIDATE CONSTRAINT ck_{table}_fx")
        op.execute("ALTER TABLE settlement_row VALIDATE CONSTRAINT ck_settlement_row_charged")


def downgrade() -> None:
    op.drop_column("settlement_row", "charged_minor")
    op.drop_column("settlement_row", "charged_currency")
    op.drop_column("refund_leg", "fx_loss_minor")
    op.drop_column("refund_leg", "platform_minor")
    for table in BOTH:
        for column in ("fx_as_of", "fx_source", "fx_rate", "platform_minor", "platform_currency"):
            op.drop_column(table, column)
