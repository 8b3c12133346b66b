"""Orders of a state come in the order of their list from one index, also where the newest of them are old."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0119"
down_revision = "0118"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Built beside the running shop: nobody waits for it.
    with op.get_context().autocommit_block():
        op.create_index(
            "ix_orders_state",
            "orders",
            ["status", sa.text("placed_at DESC"), sa.text("id DESC")],
            postgresql_concurrently=True,
            if_not_exists=True,
        )
        op.drop_index("ix_orders_status", "orders", postgresql_concurrently=True, if_exists=True)


def downgrade() -> None:
    op.create_index("ix_orders_status", "orders", ["status", sa.text("placed_at DESC")])
    op.drop_index("ix_orders_state", "orders")
