"""Automations, the permanent control group, and who was drawn into which arm."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0081"
down_revision = "0080"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "incentive_house",
        sa.Column("id", sa.BigInteger, nullable=False),
        sa.Column("salt", sa.Text, nullable=False),
        sa.Column("holdout_bp", sa.Integer, nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_incentive_house_one")),
        sa.CheckConstraint("holdout_bp BETWEEN 500 AND 1000", name=op.f("ck_incentive_house_holdout")),
        sa.PrimaryKeyConstraint("id", name="pk_incentive_house"),
    )
    op.create_table(
        "automation",
        sa.Column("id", sa.BigInteger, sa.Identity(always=True), nullable=False),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("channel_id", sa.BigInteger, nullable=False),
        sa.Column("segment", sa.Text),
        sa.Column("event", sa.Text),
        sa.Column("action", sa.Text, nullable=False),
        sa.Column("campaign_id", sa.BigInteger),
        sa.Column("currency", sa.Text, nullable=False),
        sa.Column("amount_minor", sa.BigInteger),
        sa.Column("people_max", sa.Integer, nullable=False),
        sa.Column("made", sa.Integer, nullable=False, server_default=sa.text("0")),
        sa.Column("every_days", sa.Integer, nullable=False),
        sa.Column("window_days", sa.Integer, nullable=False),
        sa.Column("control_bp", sa.Integer, nullable=False),
        sa.Column("quiet_from", sa.Integer, nullable=False),
        sa.Column("quiet_until", sa.Integer, nullable=False),
        sa.Column("salt", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False, server_default="draft"),
        sa.Column("seen_id", sa.BigInteger, nullable=False, server_default=sa.text("0")),
        sa.Column("simulation", JSONB),
        sa.Column("started_at", sa.DateTime(timezone=True)),
        sa.Column("author_id", sa.Uuid, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.BigInteger, nullable=False, server_default=sa.text("1")),
        sa.CheckConstraint("state IN ('draft', 'running', 'paused', 'ended')", name=op.f("ck_automation_state")),
        sa.CheckConstraint("num_nonnulls(segment, event) = 1", name=op.f("ck_automation_trigger")),
        sa.CheckConstraint("action IN ('coupon', 'mileage', 'deposit')", name=op.f("ck_automation_action")),
        sa.CheckConstraint("(action = 'coupon') = (campaign_id IS NOT NULL)", name=op.f("ck_automation_coupon")),
        sa.CheckConstraint("(action = 'coupon') = (amount_minor IS NULL)", name=op.f("ck_automation_amount")),
        sa.CheckConstraint("made BETWEEN 0 AND people_max AND amount_minor > 0", name=op.f("ck_automation_budget")),
        sa.CheckConstraint("control_bp BETWEEN 500 AND 5000", name=op.f("ck_automation_control")),
        sa.ForeignKeyConstraint(["channel_id"], ["channel.id"], name="fk_automation_channel_id"),
        sa.ForeignKeyConstraint(["campaign_id"], ["campaign.id"], name="fk_automation_campaign_id"),
        sa.ForeignKeyConstraint(["author_id"], ["user_account.id"], name="fk_automation_author_id"),
        sa.PrimaryKeyConstraint("id", name="pk_automation"),
    )
    op.create_table(
        "incentive_assignment",
        sa.Column("id", sa.BigInteger, sa.Identity(always=True), nullable=False),
        sa.Column("automation_id", sa.BigInteger, nullable=False),
        sa.Column("user_id", sa.Uuid, nullable=False),
        sa.Column("arm", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("reason", sa.Text),
        sa.Column("churn_bp", sa.Integer),
        sa.Column("assigned_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True)),
        sa.CheckConstraint("arm IN ('offer', 'control', 'holdout')", name=op.f("ck_incentive_assignment_arm")),
        sa.CheckConstraint("state IN ('waiting', 'made', 'withheld')", name=op.f("ck_incentive_assignment_state")),
        sa.CheckConstraint("(arm = 'offer') OR (state = 'withheld')", name=op.f("ck_incentive_assignment_control")),
        sa.ForeignKeyConstraint(["automation_id"], ["automation.id"], name="fk_incentive_assignment_automation_id"),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name="fk_incentive_assignment_user_id"),
        sa.PrimaryKeyConstraint("id", name="pk_incentive_assignment"),
        sa.UniqueConstraint("automation_id", "user_id", name="uq_incentive_assignment_automation_id_user_id"),
    )
    op.create_index(
        "ix_incentive_assignment_due",
        "incentive_assignment",
        ["due_at"],
        postgresql_where=sa.text("state = 'waiting'"),
    )
    op.create_index("ix_incentive_assignment_user_id", "incentive_assignment", ["user_id", "made_at"])
    op.execute("GRANT SELECT, INSERT ON incentive_house TO portal_app")
    op.execute("GRANT SELECT, INSERT, UPDATE ON automation TO portal_app")
    # The arm is written once: what may change is only what became of the offer.
    op.execute("GRANT SELECT, INSERT ON incentive_assignment TO portal_app")
    op.execute("GRANT UPDATE (state, reason, due_at, made_at) ON incentive_assignment TO portal_app")


def downgrade() -> None:
    for name in ("incentive_assignment", "automation", "incentive_house"):
        op.drop_table(name)
