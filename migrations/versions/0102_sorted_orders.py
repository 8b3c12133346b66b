"""Lists of orders can be sorted by amount, those of a store by the promised day."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0102"
down_revision = "0101"
branch_labels = None
depends_on = None

INDEXES = {
    "ix_orders_amount": ("orders", ["coalesce(platform_minor, payable_minor) DESC", "id DESC"]),
    "ix_order_part_store_due": (
        "order_part",
        ["store_id", "coalesce(deliver_until, placed_at) DESC", "id DESC"],
    ),
}


def upgrade() -> None:
    # Built beside the running shop: nobody waits for it.
    with op.get_context().autocommit_block():
        for name, (table, columns) in INDEXES.items():
            op.create_index(
                name,
                table,
                [sa.text(column) for column in columns],
                postgresql_concurrently=True,
                if_not_exists=True,
            )


def downgrade() -> None:
    for name, (table, _columns) in INDEXES.items():
        op.drop_index(name, table)
