"""Refunds of a state, and orders of a state by their amount, come from an index in the order of their list."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0122"
down_revision = "0121"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Built beside the running shop: nobody waits for them.
    with op.get_context().autocommit_block():
        op.create_index(
            "ix_refund_state",
            "refund",
            ["status", sa.text("requested_at DESC"), sa.text("id DESC")],
            postgresql_concurrently=True,
            if_not_exists=True,
        )
        op.create_index(
            "ix_orders_state_amount",
            "orders",
            ["status", sa.text("coalesce(platform_minor, payable_minor) DESC"), sa.text("id DESC")],
            postgresql_concurrently=True,
            if_not_exists=True,
        )


def downgrade() -> None:
    op.drop_index("ix_orders_state_amount", "orders")
    op.drop_index("ix_refund_state", "refund")
