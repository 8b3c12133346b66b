"""What may cross the borders of a channel, and what was declared of shipments that did."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0103"
down_revision = "0102"
branch_labels = None
depends_on = None

AT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.add_column("product", sa.Column("customs_code", sa.Text()))
    op.create_check_constraint(op.f("ck_product_customs_code"), "product", "customs_code ~ '^[0-9]{4,10}$'")
    op.add_column("orders", sa.Column("deliver_to", sa.Text()))
    op.create_index("ix_webhook_delivery_event_id", "webhook_delivery", ["event_id"])
    op.create_table(
        "border_rule",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), primary_key=True),
        sa.Column("channel_id", sa.BigInteger(), sa.ForeignKey("channel.id"), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("country", sa.Text(), nullable=False),
        sa.Column("section_id", sa.BigInteger(), sa.ForeignKey("section.id")),
        sa.Column("customs_code", sa.Text()),
        sa.Column("limit_minor", sa.BigInteger()),
        sa.Column("words", JSONB(), nullable=False, server_default=sa.text("'{}'")),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("valid_from", AT, nullable=False),
        sa.Column("set_by", sa.Text(), nullable=False),
        sa.Column("set_at", AT, nullable=False),
        sa.Column("withdrawn_by", sa.Text()),
        sa.Column("withdrawn_at", AT),
        sa.CheckConstraint(
            "kind IN ('delivers', 'barred', 'value_max', 'code_above', 'duty_free', 'data_stays')", name="kind"
        ),
        sa.CheckConstraint("country ~ '^([A-Z]{2}|[*])$'", name="country"),
        sa.CheckConstraint(
            "(kind IN ('value_max', 'code_above', 'duty_free')) = (limit_minor IS NOT NULL) AND limit_minor >= 0",
            name="limit_minor",
        ),
        sa.CheckConstraint("kind = 'barred' OR num_nonnulls(section_id, customs_code) = 0", name="goods"),
        sa.CheckConstraint("num_nonnulls(section_id, customs_code) < 2", name="one_kind_of_goods"),
        sa.CheckConstraint("(withdrawn_at IS NULL) = (withdrawn_by IS NULL)", name="withdrawn_by"),
    )
    op.create_index("ix_border_rule_channel_id", "border_rule", ["channel_id", sa.text("id DESC")])
    op.create_table(
        "border_record",
        sa.Column("part_id", sa.Uuid(), sa.ForeignKey("order_part.id"), primary_key=True),
        sa.Column("order_id", sa.Uuid(), sa.ForeignKey("orders.id"), nullable=False),
        sa.Column("channel_id", sa.BigInteger(), sa.ForeignKey("channel.id"), nullable=False),
        sa.Column("store_id", sa.BigInteger(), sa.ForeignKey("store.id"), nullable=False),
        sa.Column("from_country", sa.Text(), nullable=False),
        sa.Column("to_country", sa.Text(), nullable=False),
        sa.Column("customs", sa.Text(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("declared_minor", sa.BigInteger(), nullable=False),
        sa.Column("tax_minor", sa.BigInteger(), nullable=False),
        sa.Column("platform_currency", sa.Text()),
        sa.Column("platform_minor", sa.BigInteger()),
        sa.Column("fx_rate", sa.Numeric()),
        sa.Column("fx_source", sa.Text()),
        sa.Column("fx_as_of", AT),
        sa.Column("goods", JSONB(), nullable=False),
        sa.Column("rules", JSONB(), nullable=False),
        sa.Column("personal_code", sa.LargeBinary()),
        sa.Column("placed_at", AT, nullable=False),
        sa.CheckConstraint("from_country <> to_country", name="crosses"),
        sa.CheckConstraint("declared_minor >= 0", name="declared_minor"),
        sa.CheckConstraint("customs IN ('duty_free', 'dutiable', 'no_rule')", name="customs"),
        sa.CheckConstraint(
            "num_nulls(platform_currency, platform_minor, fx_rate, fx_source, fx_as_of) IN (0, 5)", name="fx"
        ),
    )
    op.create_index("ix_border_record_order_id", "border_record", ["order_id"])
    op.create_index("ix_border_record_placed_at", "border_record", [sa.text("placed_at DESC"), sa.text("part_id DESC")])
    op.execute("GRANT SELECT, INSERT, UPDATE ON border_rule TO portal_app")
    # What was declared stays; the code of a person goes with him.
    op.execute("GRANT SELECT, INSERT, UPDATE (personal_code) ON border_record TO portal_app")


def downgrade() -> None:
    op.drop_table("border_record")
    op.drop_table("border_rule")
    op.drop_index("ix_webhook_delivery_event_id", "webhook_delivery")
    op.drop_column("orders", "deliver_to")
    op.drop_constraint(op.f("ck_product_customs_code"), "product")
    op.drop_column("product", "customs_code")
