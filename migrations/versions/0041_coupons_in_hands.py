"""Batches of codes, coupons with a life of their own, bulk work, and what abuse is found in."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0041"
down_revision = "0040"
branch_labels = None
depends_on = None

AT = sa.DateTime(timezone=True)


def upgrade() -> None:
    _count("'budget', 'claim', 'code', 'day'")
    _batches()
    _codes()
    _grants()
    _bulk()
    _abuse()


def _count(scopes: str) -> None:
    """What a campaign's counters count: claims of its coupons, too."""
    op.drop_constraint(op.f("ck_campaign_counter_scope"), "campaign_counter")
    op.create_check_constraint(op.f("ck_campaign_counter_scope"), "campaign_counter", f"scope IN ({scopes})")


def _batches() -> None:
    op.create_table(
        "coupon_batch",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("campaign_id", sa.BigInteger, nullable=False),
        sa.Column("label", sa.Text, nullable=False),
        sa.Column("size", sa.Integer, nullable=False),
        sa.Column("prefix", sa.Text, server_default="", nullable=False),
        sa.Column("length", sa.Integer, nullable=False),
        sa.Column("per_code_cap", sa.Integer),
        sa.Column("state", sa.Text, server_default="active", nullable=False),
        sa.Column("made_at", AT, nullable=False),
        sa.Column("made_by", sa.Text, nullable=False),
        sa.CheckConstraint("state IN ('active', 'revoked')", name=op.f("ck_coupon_batch_state")),
        sa.CheckConstraint("size > 0 AND length > 0 AND per_code_cap > 0", name=op.f("ck_coupon_batch_numbers")),
        sa.ForeignKeyConstraint(["campaign_id"], ["campaign.id"], name="fk_coupon_batch_campaign_id"),
        sa.PrimaryKeyConstraint("id", name="pk_coupon_batch"),
    )
    op.create_index("ix_coupon_batch_campaign_id", "coupon_batch", ["campaign_id"])
    op.execute("GRANT SELECT, INSERT, UPDATE ON coupon_batch TO portal_app")


def _codes() -> None:
    op.add_column("coupon_code", sa.Column("batch_id", sa.Uuid))
    op.add_column("coupon_code", sa.Column("cap", sa.Integer))
    op.add_column("coupon_code", sa.Column("holder_id", sa.Uuid))
    op.add_column("coupon_code", sa.Column("made_at", AT, server_default=sa.text("now()"), nullable=False))
    op.create_foreign_key("fk_coupon_code_batch_id", "coupon_code", "coupon_batch", ["batch_id"], ["id"])
    op.create_foreign_key("fk_coupon_code_holder_id", "coupon_code", "user_account", ["holder_id"], ["id"])
    op.create_check_constraint(
        op.f("ck_coupon_code_state"), "coupon_code", "state IN ('active', 'suspended', 'revoked')"
    )
    op.create_check_constraint(op.f("ck_coupon_code_cap"), "coupon_code", "cap > 0")
    op.create_index("ix_coupon_code_batch_id", "coupon_code", ["batch_id"])
    op.create_index(
        "ix_coupon_code_holder_id", "coupon_code", ["holder_id"], postgresql_where=sa.text("holder_id IS NOT NULL")
    )


def _grants() -> None:
    op.add_column("coupon_grant", sa.Column("source", sa.Text, server_default="given", nullable=False))
    op.add_column("coupon_grant", sa.Column("code", sa.Text))
    op.add_column("coupon_grant", sa.Column("granted_by", sa.Text, server_default="system", nullable=False))
    op.add_column("coupon_grant", sa.Column("warned_at", AT))
    op.add_column("coupon_grant", sa.Column("ended_at", AT))
    op.add_column("coupon_grant", sa.Column("reason", sa.Text))
    op.create_check_constraint(
        op.f("ck_coupon_grant_state"), "coupon_grant", "state IN ('held', 'suspended', 'revoked', 'expired')"
    )
    op.create_check_constraint(op.f("ck_coupon_grant_source"), "coupon_grant", "source IN ('claimed', 'code', 'given')")
    op.create_index("ix_coupon_grant_code", "coupon_grant", ["code"], postgresql_where=sa.text("code IS NOT NULL"))


def _bulk() -> None:
    op.create_table(
        "coupon_bulk",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("campaign_id", sa.BigInteger, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("state", sa.Text, server_default="waiting", nullable=False),
        sa.Column("total", sa.Integer, nullable=False),
        sa.Column("done", sa.Integer, server_default="0", nullable=False),
        sa.Column("failed", sa.Integer, server_default="0", nullable=False),
        sa.Column("reason", sa.Text, server_default="", nullable=False),
        sa.Column("actor", JSONB, nullable=False),
        sa.Column("made_at", AT, nullable=False),
        sa.Column("made_by", sa.Text, nullable=False),
        sa.Column("ended_at", AT),
        sa.CheckConstraint("kind IN ('grant', 'revoke')", name=op.f("ck_coupon_bulk_kind")),
        sa.CheckConstraint("state IN ('waiting', 'running', 'done')", name=op.f("ck_coupon_bulk_state")),
        sa.CheckConstraint(
            "done >= 0 AND failed >= 0 AND done + failed <= total", name=op.f("ck_coupon_bulk_progress")
        ),
        sa.ForeignKeyConstraint(["campaign_id"], ["campaign.id"], name="fk_coupon_bulk_campaign_id"),
        sa.PrimaryKeyConstraint("id", name="pk_coupon_bulk"),
    )
    op.create_index("ix_coupon_bulk_campaign_id", "coupon_bulk", ["campaign_id", sa.text("made_at DESC")])
    op.create_index("ix_coupon_bulk_open", "coupon_bulk", ["made_at"], postgresql_where=sa.text("state <> 'done'"))
    op.create_table(
        "coupon_bulk_row",
        sa.Column("bulk_id", sa.Uuid, nullable=False),
        sa.Column("position", sa.Integer, autoincrement=False, nullable=False),
        sa.Column("who", sa.LargeBinary, nullable=False),
        sa.Column("outcome", sa.Text),
        sa.ForeignKeyConstraint(["bulk_id"], ["coupon_bulk.id"], name="fk_coupon_bulk_row_bulk_id"),
        sa.PrimaryKeyConstraint("bulk_id", "position", name="pk_coupon_bulk_row"),
    )
    op.create_index(
        "ix_coupon_bulk_row_open",
        "coupon_bulk_row",
        ["bulk_id", "position"],
        postgresql_where=sa.text("outcome IS NULL"),
    )
    op.execute("GRANT SELECT, INSERT, UPDATE ON coupon_bulk, coupon_bulk_row TO portal_app")


def _abuse() -> None:
    op.create_table(
        "coupon_act",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("at", AT, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("user_id", sa.Uuid),
        sa.Column("device_id", sa.Uuid),
        sa.Column("network", sa.LargeBinary),
        sa.Column("code_index", sa.LargeBinary),
        sa.Column("code", sa.Text),
        sa.Column("campaign_id", sa.BigInteger),
        sa.CheckConstraint("kind IN ('miss', 'claim')", name=op.f("ck_coupon_act_kind")),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name="fk_coupon_act_user_id"),
        sa.ForeignKeyConstraint(["campaign_id"], ["campaign.id"], name="fk_coupon_act_campaign_id"),
        sa.PrimaryKeyConstraint("id", name="pk_coupon_act"),
    )
    op.create_index("ix_coupon_act_at", "coupon_act", ["at"])
    op.create_index("ix_coupon_act_code", "coupon_act", ["code"], postgresql_where=sa.text("code IS NOT NULL"))
    op.create_table(
        "coupon_abuse_rule",
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("threshold", sa.Integer, nullable=False),
        sa.Column("window_minutes", sa.Integer, nullable=False),
        sa.Column("act", sa.Text, nullable=False),
        sa.Column("changed_at", AT, nullable=False),
        sa.Column("changed_by", sa.Text, nullable=False),
        sa.CheckConstraint("threshold > 0 AND window_minutes > 0", name=op.f("ck_coupon_abuse_rule_numbers")),
        sa.CheckConstraint("act IN ('off', 'flag', 'suspend')", name=op.f("ck_coupon_abuse_rule_act")),
        sa.PrimaryKeyConstraint("name", name="pk_coupon_abuse_rule"),
    )
    op.create_table(
        "coupon_flag",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("rule", sa.Text, nullable=False),
        sa.Column("campaign_id", sa.BigInteger, nullable=False),
        sa.Column("code", sa.Text),
        sa.Column("grant_id", sa.Uuid),
        sa.Column("user_id", sa.Uuid),
        sa.Column("found", sa.Integer, nullable=False),
        sa.Column("threshold", sa.Integer, nullable=False),
        sa.Column("is_suspended", sa.Boolean, nullable=False),
        sa.Column("state", sa.Text, server_default="open", nullable=False),
        sa.Column("raised_at", AT, nullable=False),
        sa.Column("appeal", sa.LargeBinary),
        sa.Column("appealed_at", AT),
        sa.Column("decided_at", AT),
        sa.Column("decided_by", sa.Text),
        sa.Column("reason", sa.Text),
        sa.CheckConstraint("state IN ('open', 'confirmed', 'undone')", name=op.f("ck_coupon_flag_state")),
        sa.CheckConstraint("num_nonnulls(code, grant_id) = 1", name=op.f("ck_coupon_flag_subject")),
        sa.ForeignKeyConstraint(["campaign_id"], ["campaign.id"], name="fk_coupon_flag_campaign_id"),
        sa.ForeignKeyConstraint(["code"], ["coupon_code.code"], name="fk_coupon_flag_code"),
        sa.ForeignKeyConstraint(["grant_id"], ["coupon_grant.id"], name="fk_coupon_flag_grant_id"),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name="fk_coupon_flag_user_id"),
        sa.PrimaryKeyConstraint("id", name="pk_coupon_flag"),
    )
    for subject in ("code", "grant_id"):
        op.create_index(
            f"uq_coupon_flag_{subject.removesuffix('_id')}",
            "coupon_flag",
            ["rule", subject],
            unique=True,
            postgresql_where=sa.text("state = 'open'"),
        )
        op.create_index(f"ix_coupon_flag_{subject}", "coupon_flag", [subject])
    op.create_index("ix_coupon_flag_campaign_id", "coupon_flag", ["campaign_id"])
    op.create_index("ix_coupon_flag_state", "coupon_flag", ["state", sa.text("raised_at DESC")])
    op.execute("GRANT SELECT, INSERT, DELETE ON coupon_act TO portal_app")
    op.execute("GRANT SELECT, INSERT, UPDATE ON coupon_abuse_rule, coupon_flag TO portal_app")


def downgrade() -> None:
    op.execute("DELETE FROM campaign_counter WHERE scope = 'claim'")
    _count("'budget', 'code', 'day'")
    for table in ("coupon_flag", "coupon_abuse_rule", "coupon_act", "coupon_bulk_row", "coupon_bulk"):
        op.drop_table(table)
    op.drop_index("ix_coupon_grant_code", "coupon_grant")
    op.drop_constraint(op.f("ck_coupon_grant_source"), "coupon_grant")
    op.drop_constraint(op.f("ck_coupon_grant_state"), "coupon_grant")
    for column in ("reason", "ended_at", "warned_at", "granted_by", "code", "source"):
        op.drop_column("coupon_grant", column)
    op.drop_index("ix_coupon_code_holder_id", "coupon_code")
    op.drop_index("ix_coupon_code_batch_id", "coupon_code")
    op.drop_constraint(op.f("ck_coupon_code_cap"), "coupon_code")
    op.drop_constraint(op.f("ck_coupon_code_state"), "coupon_code")
    for column in ("made_at", "holder_id", "cap", "batch_id"):
        op.drop_column("coupon_code", column)
    op.drop_table("coupon_batch")
