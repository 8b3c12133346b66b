"""Goods are exchanged for something cheaper, and the difference goes back."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0092"
down_revision = "0091"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("return_unit", sa.Column("was_minor", sa.BigInteger))
    op.add_column("return_unit", sa.Column("is_minor", sa.BigInteger))
    op.create_check_constraint(op.f("ck_return_unit_prices"), "return_unit", "is_minor BETWEEN 0 AND was_minor")
    for table, name in (
        ("order_line", "tax_less_minor"),
        ("order_line", "platform_less_minor"),
        ("tender_share", "less_minor"),
    ):
        op.add_column(table, sa.Column(name, sa.BigInteger, nullable=False, server_default=sa.text("0")))
    op.execute(
        "ALTER TABLE tender_share ADD CONSTRAINT ck_tender_share_less CHECK (less_minor BETWEEN 0 AND refunded_minor)"
        " NOT VALID"
    )
    op.execute("ALTER TABLE tender_share VALIDATE CONSTRAINT ck_tender_share_less")
    op.add_column("refund_line", sa.Column("tax_minor", sa.BigInteger))


def downgrade() -> None:
    op.drop_column("refund_line", "tax_minor")
    op.drop_constraint(op.f("ck_tender_share_less"), "tender_share")
    op.drop_column("tender_share", "less_minor")
    op.drop_column("order_line", "platform_less_minor")
    op.drop_column("order_line", "tax_less_minor")
    op.drop_constraint(op.f("ck_return_unit_prices"), "return_unit")
    op.drop_column("return_unit", "is_minor")
    op.drop_column("return_unit", "was_minor")
