"""What waits for a store is found in the order of its deadlines."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0124"
down_revision = "0123"
branch_labels = None
depends_on = None

ACCEPT, SEND = "ix_order_part_store_accept", "ix_order_part_store_send"


def upgrade() -> None:
    # Built beside the running shop: nobody waits for them. Partial: few of all parts are still to be sent.
    with op.get_context().autocommit_block():
        op.create_index(
            ACCEPT,
            "order_part",
            ["store_id", sa.text("coalesce(accept_by, placed_at) DESC"), sa.text("id DESC")],
            postgresql_where=sa.text("status = 'released'"),
            postgresql_concurrently=True,
            if_not_exists=True,
        )
        op.create_index(
            SEND,
            "order_part",
            ["store_id", sa.text("coalesce(ship_by, placed_at) DESC"), sa.text("id DESC")],
            postgresql_where=sa.text("status IN ('released', 'accepted', 'packed')"),
            postgresql_concurrently=True,
            if_not_exists=True,
        )


def downgrade() -> None:
    op.drop_index(SEND, "order_part")
    op.drop_index(ACCEPT, "order_part")
