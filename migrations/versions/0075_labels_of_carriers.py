"""Labels that stores buy of carriers before they hand a parcel over."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0075"
down_revision = "0074"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "shipping_label",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("order_id", sa.Uuid, nullable=False),
        sa.Column("part_id", sa.Uuid, nullable=False),
        sa.Column("store_id", sa.BigInteger, nullable=False),
        sa.Column("run_id", sa.Uuid),
        sa.Column("carrier", sa.Text, nullable=False),
        sa.Column("units", JSONB, nullable=False),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("problem", sa.Text),
        sa.Column("carrier_ref", sa.Text),
        sa.Column("tracking_number", sa.Text),
        sa.Column("shipment_id", sa.Uuid),
        sa.Column("is_stale", sa.Boolean, nullable=False, server_default=sa.text("false")),
        sa.Column("made_by", sa.Text, nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("bought_at", sa.DateTime(timezone=True)),
        sa.Column("due_at", sa.DateTime(timezone=True)),
        sa.Column("asked", sa.Integer, nullable=False, server_default=sa.text("0")),
        sa.CheckConstraint("(tracking_number IS NULL) = (bought_at IS NULL)", name=op.f("ck_shipping_label_bought")),
        sa.CheckConstraint("(status = 'used') = (shipment_id IS NOT NULL)", name=op.f("ck_shipping_label_used")),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name="fk_shipping_label_order_id"),
        sa.ForeignKeyConstraint(["part_id"], ["order_part.id"], name="fk_shipping_label_part_id"),
        sa.ForeignKeyConstraint(["store_id"], ["store.id"], name="fk_shipping_label_store_id"),
        sa.ForeignKeyConstraint(["run_id"], ["bulk_run.id"], name="fk_shipping_label_run_id"),
        sa.ForeignKeyConstraint(["shipment_id"], ["shipment.id"], name="fk_shipping_label_shipment_id"),
        sa.PrimaryKeyConstraint("id", name="pk_shipping_label"),
    )
    op.create_index("ix_shipping_label_part_id", "shipping_label", ["part_id", "made_at"])
    op.create_index("ix_shipping_label_order_id", "shipping_label", ["order_id"])
    op.create_index(
        "ix_shipping_label_run_id", "shipping_label", ["run_id"], postgresql_where=sa.text("run_id IS NOT NULL")
    )
    op.create_index(
        "ix_shipping_label_due", "shipping_label", ["due_at"], postgresql_where=sa.text("due_at IS NOT NULL")
    )
    op.create_index("uq_shipping_label_number", "shipping_label", ["carrier", "tracking_number"], unique=True)
    op.execute("GRANT SELECT, INSERT, UPDATE ON shipping_label TO portal_app")


def downgrade() -> None:
    op.drop_table("shipping_label")
