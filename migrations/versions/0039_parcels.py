"""Parcels with their units and events, and runs over many parts."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0039"
down_revision = "0038"
branch_labels = None
depends_on = None

AT = sa.DateTime(timezone=True)
# Orders of before have no parcels, only the moment when they were sent.
SHIPMENTS = """
    CREATE OR REPLACE VIEW chk.shipment AS
    SELECT order_id::text AS order_id, shipped_at AS at FROM shipment
    UNION ALL
    SELECT p.order_id::text, p.shipped_at FROM order_part p
     WHERE p.shipped_at IS NOT NULL AND NOT EXISTS (SELECT FROM shipment s WHERE s.part_id = p.id)
"""
PARTS = """
    CREATE OR REPLACE VIEW chk.shipment AS
    SELECT order_id::text AS order_id, shipped_at AS at FROM order_part WHERE shipped_at IS NOT NULL
"""


def upgrade() -> None:
    op.add_column("order_line", sa.Column("shipped_quantity", sa.Integer, server_default="0", nullable=False))
    op.create_check_constraint(
        op.f("ck_order_line_shipped_quantity"), "order_line", "shipped_quantity BETWEEN 0 AND quantity"
    )
    op.create_table(
        "shipment",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("order_id", sa.Uuid, nullable=False),
        sa.Column("part_id", sa.Uuid, nullable=False),
        sa.Column("store_id", sa.BigInteger, nullable=False),
        sa.Column("carrier", sa.Text, nullable=False),
        sa.Column("tracking_number", sa.Text, nullable=False),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("shipped_by", sa.Text, nullable=False),
        sa.Column("shipped_at", AT, nullable=False),
        sa.Column("expected_from", AT),
        sa.Column("expected_until", AT),
        sa.Column("delivered_at", AT),
        sa.Column("told_at", AT),
        sa.Column("ask_at", AT),
        sa.Column("asked", sa.Integer, server_default="0", nullable=False),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_shipment_order_id")),
        sa.ForeignKeyConstraint(["part_id"], ["order_part.id"], name=op.f("fk_shipment_part_id")),
        sa.ForeignKeyConstraint(["store_id"], ["store.id"], name=op.f("fk_shipment_store_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_shipment")),
        sa.UniqueConstraint("part_id", "carrier", "tracking_number", name="uq_shipment_part_id_number"),
    )
    op.create_index("ix_shipment_order_id", "shipment", ["order_id"])
    op.create_index("ix_shipment_number", "shipment", ["tracking_number"])
    op.create_index("ix_shipment_store_id", "shipment", ["store_id", sa.text("shipped_at DESC")])
    op.create_index("ix_shipment_ask_at", "shipment", ["ask_at"], postgresql_where=sa.text("ask_at IS NOT NULL"))
    op.create_index("ix_shipment_carrier", "shipment", ["carrier", "shipped_at"])
    op.create_table(
        "shipment_line",
        sa.Column("shipment_id", sa.Uuid, nullable=False),
        sa.Column("line_id", sa.Uuid, nullable=False),
        sa.Column("quantity", sa.Integer, nullable=False),
        sa.CheckConstraint("quantity > 0", name=op.f("ck_shipment_line_quantity")),
        sa.ForeignKeyConstraint(["shipment_id"], ["shipment.id"], name=op.f("fk_shipment_line_shipment_id")),
        sa.ForeignKeyConstraint(["line_id"], ["order_line.id"], name=op.f("fk_shipment_line_line_id")),
        sa.PrimaryKeyConstraint("shipment_id", "line_id", name=op.f("pk_shipment_line")),
    )
    op.create_index("ix_shipment_line_line_id", "shipment_line", ["line_id"])
    op.create_table(
        "shipment_event",
        sa.Column("id", sa.BigInteger, sa.Identity(always=True), nullable=False),
        sa.Column("shipment_id", sa.Uuid, nullable=False),
        sa.Column("ref", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("at", AT, nullable=False),
        sa.Column("place", sa.Text),
        sa.Column("told_by", sa.Text, nullable=False),
        sa.Column("received_at", AT, nullable=False),
        sa.ForeignKeyConstraint(["shipment_id"], ["shipment.id"], name=op.f("fk_shipment_event_shipment_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_shipment_event")),
        sa.UniqueConstraint("shipment_id", "ref", name="uq_shipment_event_shipment_id_ref"),
    )
    op.create_table(
        "bulk_run",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("store_id", sa.BigInteger, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("made_by", sa.Uuid, nullable=False),
        sa.Column("items", JSONB, nullable=False),
        sa.Column("total", sa.Integer, nullable=False),
        sa.Column("done", sa.Integer, server_default="0", nullable=False),
        sa.Column("failed", JSONB, server_default="[]", nullable=False),
        sa.Column("created_at", AT, nullable=False),
        sa.Column("worked_at", AT, nullable=False),
        sa.CheckConstraint("done BETWEEN 0 AND total", name=op.f("ck_bulk_run_done")),
        sa.ForeignKeyConstraint(["store_id"], ["store.id"], name=op.f("fk_bulk_run_store_id")),
        sa.ForeignKeyConstraint(["made_by"], ["user_account.id"], name=op.f("fk_bulk_run_made_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bulk_run")),
    )
    op.create_index("ix_bulk_run_open", "bulk_run", ["worked_at"], postgresql_where=sa.text("done < total"))
    op.create_index("ix_bulk_run_store_id", "bulk_run", ["store_id", sa.text("created_at DESC")])
    op.execute("GRANT SELECT, INSERT, UPDATE ON shipment, bulk_run TO portal_app")
    op.execute("GRANT SELECT, INSERT ON shipment_line, shipment_event TO portal_app")
    op.execute(SHIPMENTS)


def downgrade() -> None:
    op.execute(PARTS)
    op.drop_table("bulk_run")
    op.drop_table("shipment_event")
    op.drop_table("shipment_line")
    op.drop_table("shipment")
    op.drop_constraint(op.f("ck_order_line_shipped_quantity"), "order_line")
    op.drop_column("order_line", "shipped_quantity")
