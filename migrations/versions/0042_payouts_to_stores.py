"""Statements of stores and their payouts."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0042"
down_revision = "0041"
branch_labels = None
depends_on = None

FIGURES = (
    "sales_minor",
    "own_coupons_minor",
    "mall_coupons_minor",
    "refunds_minor",
    "commission_minor",
    "other_minor",
)


def _figures() -> list[sa.Column[int]]:
    return [sa.Column(name, sa.BigInteger, nullable=False) for name in FIGURES]


def upgrade() -> None:
    op.add_column("store", sa.Column("payout_period", sa.Text, server_default="monthly", nullable=False))
    op.create_check_constraint(op.f("ck_store_payout_period"), "store", "payout_period IN ('weekly', 'monthly')")
    op.create_table(
        "seller_statement",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("store_id", sa.BigInteger, nullable=False),
        sa.Column("currency", sa.Text, nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("label", sa.Text, nullable=False),
        sa.Column("period_start", sa.DateTime(timezone=True), nullable=False),
        sa.Column("period_end", sa.DateTime(timezone=True), nullable=False),
        sa.Column("opening_minor", sa.BigInteger, nullable=False),
        *_figures(),
        sa.Column("closing_minor", sa.BigInteger, nullable=False),
        sa.Column("lines", sa.Integer, nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("period_start < period_end", name=op.f("ck_seller_statement_period")),
        sa.CheckConstraint(
            "closing_minor = opening_minor + sales_minor - own_coupons_minor - refunds_minor - commission_minor"
            " + other_minor",
            name=op.f("ck_seller_statement_sum"),
        ),
        sa.ForeignKeyConstraint(["store_id"], ["store.id"], name="fk_seller_statement_store_id"),
        sa.PrimaryKeyConstraint("id", name="pk_seller_statement"),
        sa.UniqueConstraint("label", name="uq_seller_statement_label"),
        sa.UniqueConstraint("store_id", "currency", "number", name="uq_seller_statement_store_id_currency_number"),
    )
    op.create_index(
        "ix_seller_statement_store", "seller_statement", ["store_id", sa.text("period_end DESC"), sa.text("id DESC")]
    )
    op.create_table(
        "seller_statement_line",
        sa.Column("posting_id", sa.BigInteger, autoincrement=False, nullable=False),
        sa.Column("statement_id", sa.Uuid, nullable=False),
        sa.Column("figure", sa.Text, nullable=False),
        sa.Column("order_id", sa.Uuid),
        sa.Column("part_id", sa.Uuid),
        *_figures(),
        sa.Column("net_minor", sa.BigInteger, nullable=False),
        sa.CheckConstraint(
            "net_minor = sales_minor - own_coupons_minor - refunds_minor - commission_minor + other_minor",
            name=op.f("ck_seller_statement_line_sum"),
        ),
        sa.ForeignKeyConstraint(["posting_id"], ["ledger_posting.id"], name="fk_seller_statement_line_posting_id"),
        sa.ForeignKeyConstraint(
            ["statement_id"], ["seller_statement.id"], name="fk_seller_statement_line_statement_id"
        ),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name="fk_seller_statement_line_order_id"),
        sa.ForeignKeyConstraint(["part_id"], ["order_part.id"], name="fk_seller_statement_line_part_id"),
        sa.PrimaryKeyConstraint("posting_id", name="pk_seller_statement_line"),
    )
    op.create_index(
        "ix_seller_statement_line_statement", "seller_statement_line", ["statement_id", "figure", "posting_id"]
    )
    op.create_table(
        "seller_payout",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("statement_id", sa.Uuid, nullable=False),
        sa.Column("store_id", sa.BigInteger, nullable=False),
        sa.Column("currency", sa.Text, nullable=False),
        sa.Column("amount_minor", sa.BigInteger, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("holds", sa.ARRAY(sa.Text), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("note", sa.Text),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("approved_by", sa.Uuid),
        sa.Column("approved_at", sa.DateTime(timezone=True)),
        sa.Column("paid_by", sa.Uuid),
        sa.Column("paid_at", sa.DateTime(timezone=True)),
        sa.Column("reference", sa.Text),
        sa.CheckConstraint("amount_minor > 0", name=op.f("ck_seller_payout_amount")),
        sa.CheckConstraint("(state = 'paid') = (paid_at IS NOT NULL)", name=op.f("ck_seller_payout_paid")),
        sa.ForeignKeyConstraint(["statement_id"], ["seller_statement.id"], name="fk_seller_payout_statement_id"),
        sa.ForeignKeyConstraint(["store_id"], ["store.id"], name="fk_seller_payout_store_id"),
        sa.ForeignKeyConstraint(["approved_by"], ["user_account.id"], name="fk_seller_payout_approved_by"),
        sa.ForeignKeyConstraint(["paid_by"], ["user_account.id"], name="fk_seller_payout_paid_by"),
        sa.PrimaryKeyConstraint("id", name="pk_seller_payout"),
        sa.UniqueConstraint("statement_id", name="uq_seller_payout_statement_id"),
    )
    op.create_index("ix_seller_payout_state", "seller_payout", ["state", "id"])
    op.create_index("ix_seller_payout_store_id", "seller_payout", ["store_id"])
    # A statement stays as it was closed.
    op.execute("GRANT SELECT, INSERT ON seller_statement, seller_statement_line TO portal_app")
    op.execute("GRANT SELECT, INSERT, UPDATE ON seller_payout TO portal_app")
    op.execute("REVOKE UPDATE, DELETE, TRUNCATE ON seller_statement, seller_statement_line FROM portal_app")


def downgrade() -> None:
    op.drop_table("seller_payout")
    op.drop_table("seller_statement_line")
    op.drop_table("seller_statement")
    op.drop_constraint(op.f("ck_store_payout_period"), "store", type_="check")
    op.drop_column("store", "payout_period")
