"""Campaigns: limits of every kind, shared funding, life cycle, and their terms in versions (CPN-04, CPN-10, CPN-15)."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None

# A minimum was a column, now it is a condition like any other.
TO_CONDITION = """
UPDATE campaign SET conditions = conditions || jsonb_build_array(jsonb_build_object(
    'name', 'minimum_spend', 'params', jsonb_build_object('minimum', min_subtotals)))
 WHERE min_subtotals <> '{}'
"""
TO_COLUMN = """
UPDATE campaign SET
    min_subtotals = coalesce(
        jsonb_path_query_first(conditions, '$[*] ? (@.name == "minimum_spend").params.minimum'), '{}'),
    conditions = coalesce((SELECT jsonb_agg(one) FROM jsonb_array_elements(conditions) AS one
                            WHERE one ->> 'name' <> 'minimum_spend'), '[]')
"""
VIEW = """
    CREATE OR REPLACE VIEW chk.coupon AS
    SELECT c.id || ':' || k.currency AS coupon_id, c.cap, c.per_user_cap, c.stackable, c.valid_from,
           c.valid_until AS valid_to, (c.max_discounts ->> k.currency)::bigint AS max_discount,
           ({minimum} ->> k.currency)::bigint AS min_subtotal,
           (SELECT count(*) FROM coupon_use u WHERE u.campaign_id = c.id AND u.currency = k.currency
               AND u.status <> 'released')::int AS used
      FROM campaign c CROSS JOIN (SELECT DISTINCT currency FROM channel) k
"""
NEW_MINIMUM = """jsonb_path_query_first(c.conditions, '$[*] ? (@.name == "minimum_spend").params.minimum')"""


def upgrade() -> None:
    _add_columns()
    op.execute(TO_CONDITION)
    op.execute(VIEW.format(minimum=NEW_MINIMUM))
    op.drop_column("campaign", "min_subtotals")
    op.create_table(
        "campaign_counter",
        sa.Column("campaign_id", sa.BigInteger, nullable=False),
        sa.Column("scope", sa.Text, nullable=False),
        sa.Column("entity", sa.Text, nullable=False),
        sa.Column("used", sa.BigInteger, nullable=False),
        sa.Column("cap", sa.BigInteger, nullable=False),
        sa.CheckConstraint("scope IN ('budget', 'code', 'day')", name=op.f("ck_campaign_counter_scope")),
        sa.CheckConstraint("used >= 0 AND used <= cap", name=op.f("ck_campaign_counter_used")),
        sa.ForeignKeyConstraint(["campaign_id"], ["campaign.id"], name="fk_campaign_counter_campaign_id"),
        sa.PrimaryKeyConstraint("campaign_id", "scope", "entity", name="pk_campaign_counter"),
    )
    op.create_table(
        "campaign_version",
        sa.Column("campaign_id", sa.BigInteger, nullable=False),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.Column("terms", JSONB, nullable=False),
        sa.Column("saved_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("saved_by", sa.Text, nullable=False),
        sa.ForeignKeyConstraint(["campaign_id"], ["campaign.id"], name="fk_campaign_version_campaign_id"),
        sa.PrimaryKeyConstraint("campaign_id", "version", name="pk_campaign_version"),
    )
    op.execute("GRANT SELECT, INSERT, UPDATE, DELETE ON campaign_counter TO portal_app")
    op.execute("GRANT SELECT, INSERT ON campaign_version TO portal_app")
    op.add_column("coupon_use", sa.Column("day", sa.Date))
    # Null where it was written by the code before this: then all of it is the campaign's funding.
    op.add_column("discount_share", sa.Column("platform_minor", sa.BigInteger))
    op.create_check_constraint(
        op.f("ck_discount_share_platform"), "discount_share", "platform_minor BETWEEN 0 AND amount_minor"
    )


def _add_columns() -> None:
    op.add_column("campaign", sa.Column("budgets", JSONB, server_default=sa.text("'{}'"), nullable=False))
    op.add_column("campaign", sa.Column("per_code_cap", sa.Integer))
    op.add_column("campaign", sa.Column("per_day_cap", sa.Integer))
    op.add_column("campaign", sa.Column("seller_shares", JSONB, server_default=sa.text("'{}'"), nullable=False))
    op.add_column("campaign", sa.Column("on_refund", sa.Text, server_default="keep", nullable=False))
    op.add_column("campaign", sa.Column("grace_hours", sa.Integer, server_default=sa.text("0"), nullable=False))
    op.add_column(
        "campaign",
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
    )
    op.drop_constraint(op.f("ck_campaign_funding"), "campaign")
    for name, rule in CHECKS.items():
        op.create_check_constraint(op.f(f"ck_campaign_{name}"), "campaign", rule)
    op.create_index("ix_campaign_state", "campaign", ["state", "valid_until"])
    op.create_index(
        "ix_campaign_automatic", "campaign", ["valid_until"], postgresql_where=sa.text("distribution = 'automatic'")
    )


CHECKS = {
    "funding": "funding IN ('seller', 'platform', 'shared')",
    "shared": "(funding = 'shared') = (seller_shares <> '{}')",
    "state": "state IN ('draft', 'scheduled', 'running', 'paused', 'ended', 'revoked')",
    "distribution": "distribution IN ('code', 'claim', 'automatic', 'grant')",
    "on_refund": "on_refund IN ('keep', 'ask_back')",
    "limits": "cap > 0 AND per_user_cap > 0 AND per_code_cap > 0 AND per_day_cap > 0",
    "grace": "grace_hours BETWEEN 0 AND 8760",
}


def downgrade() -> None:
    op.drop_constraint(op.f("ck_discount_share_platform"), "discount_share")
    op.drop_column("discount_share", "platform_minor")
    op.drop_column("coupon_use", "day")
    op.drop_table("campaign_version")
    op.drop_table("campaign_counter")
    op.add_column("campaign", sa.Column("min_subtotals", JSONB, server_default=sa.text("'{}'"), nullable=False))
    op.execute(TO_COLUMN)
    op.execute(VIEW.format(minimum="c.min_subtotals"))
    op.drop_index("ix_campaign_automatic", table_name="campaign")
    op.drop_index("ix_campaign_state", table_name="campaign")
    for name in CHECKS:
        op.drop_constraint(op.f(f"ck_campaign_{name}"), "campaign")
    op.execute("UPDATE campaign SET funding = 'platform' WHERE funding = 'shared'")
    op.create_check_constraint(op.f("ck_campaign_funding"), "campaign", "funding IN ('seller', 'platform')")
    for name in (
        "updated_at", "grace_hours", "on_refund", "seller_shares", "per_day_cap", "per_code_cap", "budgets",
    ):  # fmt: skip
        op.drop_column("campaign", name)
