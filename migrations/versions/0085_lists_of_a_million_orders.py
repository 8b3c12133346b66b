"""What is open, what is late and what was cancelled is found among a million orders by an index of its own."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0085"
down_revision = "0084"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(
        "ix_order_part_open",
        "order_part",
        ["status"],
        postgresql_where=sa.text("status IN ('held', 'released', 'accepted', 'packed', 'shipped', 'returning')"),
    )
    op.create_index(
        "ix_order_part_cancelled",
        "order_part",
        ["store_id", sa.text("placed_at DESC"), sa.text("id DESC")],
        postgresql_where=sa.text("status = 'cancelled' AND released_at IS NOT NULL"),
    )
    op.create_index(
        "ix_order_part_delivered_at",
        "order_part",
        ["delivered_at"],
        postgresql_where=sa.text("delivered_at IS NOT NULL"),
    )
    op.create_index("ix_order_line_product_id", "order_line", ["product_id", "part_id"])
    op.create_index("ix_shipment_shipped_at", "shipment", ["shipped_at"])
    op.create_index(
        "ix_shipment_event_trouble",
        "shipment_event",
        ["at"],
        postgresql_where=sa.text("kind IN ('delayed', 'damaged')"),
    )
    op.create_index(
        "ix_risk_decision_fired",
        "risk_decision",
        ["decided_at"],
        postgresql_where=sa.text("fired <> '[]'::jsonb"),
    )
    op.create_index(
        "ix_transition_refused", "transition", ["order_id"], postgresql_where=sa.text("reason = 'risk_refused'")
    )
    op.create_index("ix_order_hold_risk", "order_hold", ["order_id"], postgresql_where=sa.text("reason = 'high_risk'"))


def downgrade() -> None:
    op.drop_index("ix_order_hold_risk", "order_hold")
    op.drop_index("ix_transition_refused", "transition")
    op.drop_index("ix_risk_decision_fired", "risk_decision")
    op.drop_index("ix_shipment_event_trouble", "shipment_event")
    op.drop_index("ix_shipment_shipped_at", "shipment")
    op.drop_index("ix_order_line_product_id", "order_line")
    op.drop_index("ix_order_part_delivered_at", "order_part")
    op.drop_index("ix_order_part_cancelled", "order_part")
    op.drop_index("ix_order_part_open", "order_part")
