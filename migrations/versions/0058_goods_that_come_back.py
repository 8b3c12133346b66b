"""Returns, exchanges and claims: a case per request, a row per unit, and what the rules say of the way back."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0058"
down_revision = "0057"
branch_labels = None
depends_on = None

AT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.add_column("refund_rule", sa.Column("return_reasons", JSONB))
    op.add_column("refund_rule", sa.Column("way_back", sa.Text))
    op.add_column("refund_rule", sa.Column("exchangeable", sa.Boolean))
    op.create_table(
        "goods_return",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("number", sa.Text, nullable=False),
        sa.Column("order_id", sa.Uuid, nullable=False),
        sa.Column("part_id", sa.Uuid, nullable=False),
        sa.Column("store_id", sa.BigInteger, nullable=False),
        sa.Column("buyer_id", sa.Uuid, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("wish", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("note", sa.Text),
        sa.Column("way_back", sa.Text, nullable=False),
        sa.Column("otherwise", sa.Text, nullable=False),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("idem_key", sa.Text, nullable=False),
        sa.Column("shipment_id", sa.Uuid),
        sa.Column("requested_by", sa.Text, nullable=False),
        sa.Column("requested_at", AT, nullable=False),
        sa.Column("answer_by", AT, nullable=False),
        sa.Column("decided_by", sa.Text),
        sa.Column("decided_at", AT),
        sa.Column("answer", sa.Text),
        sa.Column("send_by", AT),
        sa.Column("return_to", sa.Text),
        sa.Column("carrier", sa.Text),
        sa.Column("tracking_number", sa.Text),
        sa.Column("sent_at", AT),
        sa.Column("received_at", AT),
        sa.Column("inspected_at", AT),
        sa.Column("inspection_note", sa.Text),
        sa.Column("back_carrier", sa.Text),
        sa.Column("back_number", sa.Text),
        sa.Column("carrier_liable", sa.Boolean),
        sa.Column("refund_id", sa.Uuid),
        sa.Column("replacement_id", sa.Uuid),
        sa.Column("closed_at", AT),
        sa.Column("version", sa.Integer, server_default=sa.text("1"), nullable=False),
        sa.CheckConstraint("kind IN ('return', 'exchange', 'claim')", name=op.f("ck_goods_return_kind")),
        sa.CheckConstraint("wish IN ('refund', 'exchange', 'resend')", name=op.f("ck_goods_return_wish")),
        sa.CheckConstraint("way_back IN ('buyer', 'store', 'nobody')", name=op.f("ck_goods_return_way_back")),
        sa.CheckConstraint("(kind = 'claim') = (shipment_id IS NOT NULL)", name=op.f("ck_goods_return_claim")),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name="fk_goods_return_order_id"),
        sa.ForeignKeyConstraint(["part_id"], ["order_part.id"], name="fk_goods_return_part_id"),
        sa.ForeignKeyConstraint(["store_id"], ["store.id"], name="fk_goods_return_store_id"),
        sa.ForeignKeyConstraint(["buyer_id"], ["user_account.id"], name="fk_goods_return_buyer_id"),
        sa.ForeignKeyConstraint(["shipment_id"], ["shipment.id"], name="fk_goods_return_shipment_id"),
        sa.ForeignKeyConstraint(["refund_id"], ["refund.id"], name="fk_goods_return_refund_id"),
        sa.ForeignKeyConstraint(["replacement_id"], ["shipment.id"], name="fk_goods_return_replacement_id"),
        sa.PrimaryKeyConstraint("id", name="pk_goods_return"),
        sa.UniqueConstraint("number", name="uq_goods_return_number"),
        sa.UniqueConstraint("idem_key", name="uq_goods_return_idem_key"),
        sa.UniqueConstraint("replacement_id", name="uq_goods_return_replacement_id"),
    )
    op.create_index("ix_goods_return_order_id", "goods_return", ["order_id"])
    op.create_index("ix_goods_return_part_id", "goods_return", ["part_id"])
    newest = [sa.text("requested_at DESC"), sa.text("id DESC")]
    op.create_index("ix_goods_return_requested_at", "goods_return", newest)
    op.create_index("ix_goods_return_store_id", "goods_return", ["store_id", "status", *newest])
    op.create_index(
        "ix_goods_return_send_by", "goods_return", ["send_by"], postgresql_where=sa.text("status = 'approved'")
    )
    op.create_table(
        "return_unit",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("return_id", sa.Uuid, nullable=False),
        sa.Column("line_id", sa.Uuid, nullable=False),
        sa.Column("n", sa.Integer, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("variant_id", sa.BigInteger),
        sa.Column("condition", sa.Text),
        sa.Column("restocked", sa.Boolean, server_default=sa.text("false"), nullable=False),
        sa.CheckConstraint("n > 0", name=op.f("ck_return_unit_n")),
        sa.CheckConstraint("condition IN ('new', 'opened', 'damaged')", name=op.f("ck_return_unit_condition")),
        sa.ForeignKeyConstraint(["return_id"], ["goods_return.id"], name="fk_return_unit_return_id"),
        sa.ForeignKeyConstraint(["line_id"], ["order_line.id"], name="fk_return_unit_line_id"),
        sa.ForeignKeyConstraint(["variant_id"], ["variant.id"], name="fk_return_unit_variant_id"),
        sa.PrimaryKeyConstraint("id", name="pk_return_unit"),
        sa.UniqueConstraint("return_id", "line_id", "n", name="uq_return_unit_return_id_line_id_n"),
    )
    op.create_index("ix_return_unit_line_id", "return_unit", ["line_id"])
    op.create_table(
        "return_picture",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("return_id", sa.Uuid, nullable=False),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("name", sa.LargeBinary, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("content", sa.LargeBinary, nullable=False),
        sa.ForeignKeyConstraint(["return_id"], ["goods_return.id"], name="fk_return_picture_return_id"),
        sa.PrimaryKeyConstraint("id", name="pk_return_picture"),
    )
    op.create_index("ix_return_picture_return_id", "return_picture", ["return_id"])
    op.add_column("stock_move", sa.Column("return_unit_id", sa.Uuid))
    op.create_foreign_key("fk_stock_move_return_unit_id", "stock_move", "return_unit", ["return_unit_id"], ["id"])
    # Each unit comes back to the shelf once, and goes out in exchange once, whoever acts at once.
    op.create_index(
        "uq_stock_move_return_unit",
        "stock_move",
        ["return_unit_id", "reason"],
        unique=True,
        postgresql_where=sa.text("return_unit_id IS NOT NULL"),
    )
    op.execute("GRANT SELECT, INSERT, UPDATE ON goods_return, return_unit, return_picture TO portal_app")


def downgrade() -> None:
    op.drop_index("uq_stock_move_return_unit", "stock_move")
    op.drop_column("stock_move", "return_unit_id")
    op.drop_table("return_picture")
    op.drop_table("return_unit")
    op.drop_table("goods_return")
    for name in ("exchangeable", "way_back", "return_reasons"):
        op.drop_column("refund_rule", name)
