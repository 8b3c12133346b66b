"""Goods are exchanged for something dearer: the difference is asked for, paid, and given back with what it was for."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0106"
down_revision = "0105"
branch_labels = None
depends_on = None

AT = sa.DateTime(timezone=True)
PRICES = "ck_return_unit_prices"


def upgrade() -> None:
    op.add_column("goods_return", sa.Column("pay_by", AT))
    op.add_column("goods_return", sa.Column("more_entry_id", sa.BigInteger))
    op.create_index(
        "ix_goods_return_pay_by",
        "goods_return",
        ["pay_by"],
        postgresql_where=sa.text("pay_by IS NOT NULL AND more_entry_id IS NULL"),
    )
    op.add_column("return_unit", sa.Column("more_minor", sa.BigInteger))
    op.add_column("return_unit", sa.Column("more_tax_minor", sa.BigInteger))
    op.add_column("return_unit", sa.Column("more_back_at", AT))
    op.drop_constraint(op.f(PRICES), "return_unit")
    op.create_check_constraint(op.f(PRICES), "return_unit", "is_minor >= 0 AND was_minor >= 0")
    op.create_table(
        "return_payment",
        sa.Column("payment_id", sa.Uuid, nullable=False),
        sa.Column("return_id", sa.Uuid, nullable=False),
        sa.ForeignKeyConstraint(["payment_id"], ["payment.id"], name=op.f("fk_return_payment_payment_id")),
        sa.ForeignKeyConstraint(["return_id"], ["goods_return.id"], name=op.f("fk_return_payment_return_id")),
        sa.PrimaryKeyConstraint("payment_id", name=op.f("pk_return_payment")),
    )
    op.create_index("ix_return_payment_return_id", "return_payment", ["return_id"])
    op.execute("GRANT SELECT, INSERT, UPDATE, DELETE ON return_payment TO portal_app")


def downgrade() -> None:
    op.drop_table("return_payment")
    op.drop_constraint(op.f(PRICES), "return_unit")
    op.execute(
        "ALTER TABLE return_unit ADD CONSTRAINT ck_return_unit_prices"
        " CHECK (is_minor BETWEEN 0 AND was_minor) NOT VALID"
    )
    for column in ("more_back_at", "more_tax_minor", "more_minor"):
        op.drop_column("return_unit", column)
    op.drop_index("ix_goods_return_pay_by", "goods_return")
    for column in ("more_entry_id", "pay_by"):
        op.drop_column("goods_return", column)
