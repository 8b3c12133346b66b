"""Refunds in full: rules, approvals, legs that are executed, payouts by hand."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

NEW_TABLES = ("refund_rule", "refund_approval", "payout")


def upgrade() -> None:
    op.create_table(
        "refund_rule",
        sa.Column("id", sa.BigInteger, sa.Identity(always=False), nullable=False),
        sa.Column("channel_id", sa.BigInteger),
        sa.Column("section_id", sa.BigInteger),
        sa.Column("window_days", sa.Integer),
        sa.Column("returnable", sa.Boolean),
        sa.Column("approve_above", JSONB),
        sa.Column("step_up_above", JSONB),
        sa.ForeignKeyConstraint(["channel_id"], ["channel.id"], name="fk_refund_rule_channel_id"),
        sa.ForeignKeyConstraint(["section_id"], ["section.id"], name="fk_refund_rule_section_id"),
        sa.PrimaryKeyConstraint("id", name="pk_refund_rule"),
        sa.UniqueConstraint("channel_id", "section_id", name="uq_refund_rule_channel_id_section_id"),
    )
    op.add_column("refund", sa.Column("origin", sa.Text, server_default="self_service", nullable=False))
    op.add_column("refund", sa.Column("note", sa.Text))
    op.add_column("refund", sa.Column("preference", sa.Text))
    op.add_column("refund", sa.Column("plan", JSONB, server_default=sa.text("'{}'"), nullable=False))
    op.add_column("refund", sa.Column("bank", sa.LargeBinary))
    op.add_column("refund", sa.Column("shown", sa.Text, server_default="", nullable=False))
    op.add_column("refund", sa.Column("approved_at", sa.DateTime(timezone=True)))
    op.add_column("refund", sa.Column("due_at", sa.DateTime(timezone=True)))
    op.add_column("refund", sa.Column("escalated_at", sa.DateTime(timezone=True)))
    op.create_index("ix_refund_requested_at", "refund", [sa.text("requested_at DESC"), sa.text("id DESC")])
    op.create_index("ix_refund_open", "refund", ["due_at"], postgresql_where=sa.text("completed_at IS NULL"))
    op.create_table(
        "refund_approval",
        sa.Column("id", sa.BigInteger, sa.Identity(always=True), nullable=False),
        sa.Column("refund_id", sa.Uuid, nullable=False),
        sa.Column("approver", sa.Text, nullable=False),
        sa.Column("store_id", sa.BigInteger),
        sa.Column("why", sa.Text, nullable=False),
        sa.Column("state", sa.Text, server_default="waiting", nullable=False),
        sa.Column("decided_by", sa.Text),
        sa.Column("decided_at", sa.DateTime(timezone=True)),
        sa.Column("reason", sa.Text),
        sa.CheckConstraint("(store_id IS NULL) = (approver = 'admin')", name="ck_refund_approval_approver"),
        sa.ForeignKeyConstraint(["refund_id"], ["refund.id"], name="fk_refund_approval_refund_id"),
        sa.ForeignKeyConstraint(["store_id"], ["store.id"], name="fk_refund_approval_store_id"),
        sa.PrimaryKeyConstraint("id", name="pk_refund_approval"),
        sa.UniqueConstraint("refund_id", "store_id", name="uq_refund_approval_refund_id_store_id"),
    )
    op.create_index(
        "uq_refund_approval_admin",
        "refund_approval",
        ["refund_id"],
        unique=True,
        postgresql_where=sa.text("store_id IS NULL"),
    )
    op.create_index("ix_refund_approval_store", "refund_approval", ["store_id", "state"])
    op.create_index("ix_refund_line_line_id", "refund_line", ["line_id"])
    op.create_index("ix_refund_line_part_id", "refund_line", ["part_id"])
    op.add_column("refund_leg", sa.Column("destination", sa.Text, server_default="original", nullable=False))
    op.add_column("refund_leg", sa.Column("attempt_id", sa.Uuid))
    op.add_column("refund_leg", sa.Column("replaces", sa.Uuid))
    op.add_column("refund_leg", sa.Column("reason", sa.Text))
    op.add_column("refund_leg", sa.Column("gateway_code", sa.Text))
    op.add_column("refund_leg", sa.Column("calls", sa.Integer, server_default=sa.text("0"), nullable=False))
    op.add_column("refund_leg", sa.Column("sent_at", sa.DateTime(timezone=True)))
    op.add_column("refund_leg", sa.Column("due_at", sa.DateTime(timezone=True)))
    op.create_foreign_key("fk_refund_leg_attempt_id", "refund_leg", "payment_attempt", ["attempt_id"], ["id"])
    op.create_foreign_key("fk_refund_leg_replaces", "refund_leg", "refund_leg", ["replaces"], ["id"])
    op.create_index("uq_refund_leg_replaces", "refund_leg", ["replaces"], unique=True)
    op.create_index(
        "ix_refund_leg_due",
        "refund_leg",
        ["due_at"],
        postgresql_where=sa.text("status IN ('approved', 'sent', 'pending', 'unknown')"),
    )
    op.create_index("ix_refund_leg_failed", "refund_leg", ["updated_at"], postgresql_where=sa.text("status = 'failed'"))
    op.create_index("ix_refund_leg_gateway_ref", "refund_leg", ["gateway_ref"])
    op.create_table(
        "payout",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("user_id", sa.Uuid, nullable=False),
        sa.Column("refund_leg_id", sa.Uuid),
        sa.Column("currency", sa.Text, nullable=False),
        sa.Column("amount_minor", sa.BigInteger, nullable=False),
        sa.Column("bank", sa.LargeBinary, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("reference", sa.Text),
        sa.Column("requested_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("paid_at", sa.DateTime(timezone=True)),
        sa.Column("paid_by", sa.Text),
        sa.CheckConstraint("amount_minor > 0", name="ck_payout_amount"),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name="fk_payout_user_id"),
        sa.ForeignKeyConstraint(["refund_leg_id"], ["refund_leg.id"], name="fk_payout_refund_leg_id"),
        sa.PrimaryKeyConstraint("id", name="pk_payout"),
    )
    op.create_index("ix_payout_waiting", "payout", ["requested_at"], postgresql_where=sa.text("state = 'waiting'"))
    op.create_index("uq_payout_refund_leg_id", "payout", ["refund_leg_id"], unique=True)
    for table in NEW_TABLES:
        op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO portal_app")
    op.execute("GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO portal_app")


def downgrade() -> None:
    op.drop_table("payout")
    for index in ("ix_refund_leg_gateway_ref", "ix_refund_leg_failed", "ix_refund_leg_due", "uq_refund_leg_replaces"):
        op.drop_index(index, "refund_leg")
    for name in ("fk_refund_leg_replaces", "fk_refund_leg_attempt_id"):
        op.drop_constraint(name, "refund_leg")
    for column in ("due_at", "sent_at", "calls", "gateway_code", "reason", "replaces", "attempt_id", "destination"):
        op.drop_column("refund_leg", column)
    op.drop_index("ix_refund_line_part_id", "refund_line")
    op.drop_index("ix_refund_line_line_id", "refund_line")
    op.drop_table("refund_approval")
    op.drop_index("ix_refund_open", "refund")
    op.drop_index("ix_refund_requested_at", "refund")
    for column in ("escalated_at", "due_at", "approved_at", "shown", "bank", "plan", "preference", "note", "origin"):
        op.drop_column("refund", column)
    op.drop_table("refund_rule")
