"""Parcels that are late, damaged or lost are found among all others."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0121"
down_revision = "0120"
branch_labels = None
depends_on = None

TROUBLE = "ix_shipment_trouble"


def upgrade() -> None:
    # Built beside the running shop: nobody waits for it.
    with op.get_context().autocommit_block():
        op.create_index(
            TROUBLE,
            "shipment",
            ["shipped_at", "id"],
            postgresql_where=sa.text("status IN ('delayed', 'damaged', 'lost')"),
            postgresql_concurrently=True,
            if_not_exists=True,
        )


def downgrade() -> None:
    op.drop_index(TROUBLE, "shipment")
