"""Credit lines, invoices, and what lowered them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0044"
down_revision = "0043"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)
NONE = sa.text("0")


def upgrade() -> None:
    op.create_table(
        "credit_line",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("user_id", sa.Uuid, nullable=False),
        sa.Column("currency", sa.Text, nullable=False),
        sa.Column("limit_minor", sa.BigInteger, nullable=False),
        sa.Column("days", sa.Integer, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("wanted_minor", sa.BigInteger),
        sa.Column("wanted_by", sa.Text),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("opened_at", INSTANT, nullable=False),
        sa.Column("changed_at", INSTANT, nullable=False),
        sa.Column("changed_by", sa.Text, nullable=False),
        sa.CheckConstraint("limit_minor >= 0 AND wanted_minor > 0", name=op.f("ck_credit_line_limits")),
        sa.CheckConstraint("days BETWEEN 1 AND 180", name=op.f("ck_credit_line_days")),
        sa.CheckConstraint("state IN ('open', 'closed')", name=op.f("ck_credit_line_state")),
        sa.CheckConstraint("(wanted_minor IS NULL) = (wanted_by IS NULL)", name=op.f("ck_credit_line_wanted")),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name=op.f("fk_credit_line_user_id_user_account")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_credit_line")),
        sa.UniqueConstraint("user_id", "currency", name=op.f("uq_credit_line_user_id_currency")),
    )
    op.create_index("ix_credit_line_changed_at", "credit_line", [sa.text("changed_at DESC"), sa.text("id DESC")])
    op.create_table(
        "invoice",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("number", sa.Text, nullable=False),
        sa.Column("user_id", sa.Uuid, nullable=False),
        sa.Column("channel_id", sa.BigInteger, nullable=False),
        sa.Column("order_id", sa.Uuid, nullable=False),
        sa.Column("currency", sa.Text, nullable=False),
        sa.Column("total_minor", sa.BigInteger, nullable=False),
        sa.Column("paid_minor", sa.BigInteger, server_default=NONE, nullable=False),
        sa.Column("lowered_minor", sa.BigInteger, server_default=NONE, nullable=False),
        sa.Column("lost_minor", sa.BigInteger, server_default=NONE, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("issued_at", INSTANT, nullable=False),
        sa.Column("due_at", INSTANT, nullable=False),
        sa.Column("closed_at", INSTANT),
        sa.Column("reminded", sa.Integer, server_default=NONE, nullable=False),
        sa.CheckConstraint("total_minor > 0", name=op.f("ck_invoice_total")),
        sa.CheckConstraint(
            "least(paid_minor, lowered_minor, lost_minor) >= 0"
            " AND paid_minor + lowered_minor + lost_minor <= total_minor",
            name=op.f("ck_invoice_sums"),
        ),
        sa.CheckConstraint(
            "state IN ('open', 'partly_paid', 'overdue', 'paid', 'credited', 'written_off')",
            name=op.f("ck_invoice_state"),
        ),
        sa.CheckConstraint(
            "(closed_at IS NOT NULL) = (paid_minor + lowered_minor + lost_minor = total_minor)",
            name=op.f("ck_invoice_closed"),
        ),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name=op.f("fk_invoice_user_id_user_account")),
        sa.ForeignKeyConstraint(["channel_id"], ["channel.id"], name=op.f("fk_invoice_channel_id_channel")),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_invoice_order_id_orders")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invoice")),
        sa.UniqueConstraint("number", name=op.f("uq_invoice_number")),
        sa.UniqueConstraint("order_id", name=op.f("uq_invoice_order_id")),
    )
    op.create_index("ix_invoice_user_id", "invoice", ["user_id", sa.text("issued_at DESC")])
    op.create_index("ix_invoice_issued_at", "invoice", [sa.text("issued_at DESC"), sa.text("id DESC")])
    op.create_index("ix_invoice_open", "invoice", ["due_at"], postgresql_where=sa.text("closed_at IS NULL"))
    op.create_table(
        "invoice_move",
        sa.Column("id", sa.BigInteger, sa.Identity(always=True), nullable=False),
        sa.Column("invoice_id", sa.Uuid, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("amount_minor", sa.BigInteger, nullable=False),
        sa.Column("payment_id", sa.Uuid),
        sa.Column("idem_key", sa.Text, nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("actor", sa.Text, nullable=False),
        sa.CheckConstraint("amount_minor > 0", name=op.f("ck_invoice_move_amount")),
        sa.CheckConstraint("kind IN ('payment', 'deposit', 'refund', 'write_off')", name=op.f("ck_invoice_move_kind")),
        sa.CheckConstraint("(kind = 'payment') = (payment_id IS NOT NULL)", name=op.f("ck_invoice_move_payment")),
        sa.ForeignKeyConstraint(["invoice_id"], ["invoice.id"], name=op.f("fk_invoice_move_invoice_id_invoice")),
        sa.ForeignKeyConstraint(["payment_id"], ["payment.id"], name=op.f("fk_invoice_move_payment_id_payment")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invoice_move")),
        sa.UniqueConstraint("idem_key", name=op.f("uq_invoice_move_idem_key")),
    )
    op.create_index("ix_invoice_move_invoice_id", "invoice_move", ["invoice_id"])
    op.create_table(
        "invoice_payment",
        sa.Column("payment_id", sa.Uuid, nullable=False),
        sa.Column("invoice_id", sa.Uuid, nullable=False),
        sa.ForeignKeyConstraint(["payment_id"], ["payment.id"], name=op.f("fk_invoice_payment_payment_id_payment")),
        sa.ForeignKeyConstraint(["invoice_id"], ["invoice.id"], name=op.f("fk_invoice_payment_invoice_id_invoice")),
        sa.PrimaryKeyConstraint("payment_id", name=op.f("pk_invoice_payment")),
    )
    op.create_index("ix_invoice_payment_invoice_id", "invoice_payment", ["invoice_id"])
    op.execute("GRANT SELECT, INSERT, UPDATE, DELETE ON credit_line, invoice TO portal_app")
    # What lowered an invoice is never changed.
    op.execute("GRANT SELECT, INSERT ON invoice_move, invoice_payment TO portal_app")


def downgrade() -> None:
    for name in ("invoice_payment", "invoice_move", "invoice", "credit_line"):
        op.drop_table(name)
