"""A parcel keeps what its buyer was promised, so that carriers are measured without reading orders."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0088"
down_revision = "0087"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("shipment", sa.Column("promised_until", sa.TIMESTAMP(timezone=True)))
    op.execute(
        "UPDATE shipment s SET promised_until = p.deliver_until FROM order_part p"
        " WHERE p.id = s.part_id AND NOT EXISTS (SELECT FROM goods_return g WHERE g.replacement_id = s.id)"
    )
    op.drop_index("ix_shipment_carrier", "shipment")
    op.drop_index("ix_shipment_shipped_at", "shipment")
    op.create_index(
        "ix_shipment_shipped_at",
        "shipment",
        ["shipped_at"],
        postgresql_include=["carrier", "delivered_at", "expected_until", "promised_until", "status"],
    )


def downgrade() -> None:
    op.drop_index("ix_shipment_shipped_at", "shipment")
    op.create_index("ix_shipment_shipped_at", "shipment", ["shipped_at"])
    op.create_index("ix_shipment_carrier", "shipment", ["carrier", "shipped_at"])
    op.drop_column("shipment", "promised_until")
