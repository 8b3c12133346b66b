"""Disputes, and what was answered to them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "dispute",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("gateway_account_id", sa.BigInteger, nullable=False),
        sa.Column("gateway", sa.Text, nullable=False),
        sa.Column("gateway_ref", sa.Text, nullable=False),
        sa.Column("payment_id", sa.Uuid, nullable=False),
        sa.Column("order_id", sa.Uuid),
        sa.Column("currency", sa.Text, nullable=False),
        sa.Column("amount_minor", sa.BigInteger, nullable=False),
        sa.Column("held_minor", sa.BigInteger, server_default=sa.text("0"), nullable=False),
        sa.Column("borne_minor", sa.BigInteger, server_default=sa.text("0"), nullable=False),
        sa.Column("fee_minor", sa.BigInteger, server_default=sa.text("0"), nullable=False),
        sa.Column("fee_currency", sa.Text),
        sa.Column("entries", sa.Integer, server_default=sa.text("0"), nullable=False),
        sa.Column("bearer", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("answer_due_at", sa.DateTime(timezone=True)),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True)),
        sa.Column("told_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reminded_at", sa.DateTime(timezone=True)),
        sa.Column("statement", sa.LargeBinary),
        sa.Column("answer", sa.Text),
        sa.Column("answer_state", sa.Text),
        sa.Column("answer_by", sa.Text),
        sa.Column("answer_at", sa.DateTime(timezone=True)),
        sa.Column("send_at", sa.DateTime(timezone=True)),
        sa.Column("answer_calls", sa.Integer, server_default=sa.text("0"), nullable=False),
        sa.Column("answer_code", sa.Text),
        sa.Column("packet", sa.LargeBinary),
        sa.CheckConstraint("amount_minor > 0", name=op.f("ck_dispute_amount")),
        sa.CheckConstraint("held_minor BETWEEN 0 AND amount_minor", name=op.f("ck_dispute_held")),
        sa.CheckConstraint("borne_minor BETWEEN 0 AND held_minor", name=op.f("ck_dispute_borne")),
        sa.CheckConstraint(
            "status IN ('inquiry', 'needs_response', 'under_review', 'won', 'lost', 'closed')",
            name=op.f("ck_dispute_status"),
        ),
        sa.CheckConstraint(
            "(closed_at IS NULL) = (status NOT IN ('won', 'lost', 'closed'))", name=op.f("ck_dispute_closed")
        ),
        sa.CheckConstraint(
            "(answer IS NULL) = (answer_state IS NULL) AND answer IN ('evidence', 'acceptance')"
            " AND answer_state IN ('wanted', 'sent', 'refused')",
            name=op.f("ck_dispute_answer"),
        ),
        sa.ForeignKeyConstraint(["gateway_account_id"], ["gateway_account.id"], name="fk_dispute_gateway_account_id"),
        sa.ForeignKeyConstraint(["payment_id"], ["payment.id"], name="fk_dispute_payment_id"),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name="fk_dispute_order_id"),
        sa.PrimaryKeyConstraint("id", name="pk_dispute"),
        sa.UniqueConstraint("gateway", "gateway_ref", name="uq_dispute_gateway_gateway_ref"),
    )
    op.create_index("ix_dispute_payment_id", "dispute", ["payment_id"])
    op.create_index("ix_dispute_opened_at", "dispute", [sa.text("opened_at DESC"), sa.text("id DESC")])
    op.create_index("ix_dispute_open", "dispute", ["answer_due_at"], postgresql_where=sa.text("closed_at IS NULL"))
    op.create_index("ix_dispute_answer", "dispute", ["send_at"], postgresql_where=sa.text("answer_state = 'wanted'"))
    op.execute("GRANT SELECT, INSERT, UPDATE ON dispute TO portal_app")


def downgrade() -> None:
    op.drop_table("dispute")
