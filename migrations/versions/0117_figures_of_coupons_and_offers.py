"""Figures say which share of given coupons is redeemed, and of shown offers taken: all days are counted again."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0117"
down_revision = "0116"
branch_labels = None
depends_on = None

GRANTED = "ix_coupon_grant_granted_at"
TAKEN = "ix_offer_choice_taken_at"
COUNT_AGAIN = "UPDATE figure_state SET renewed_at = NULL"


def upgrade() -> None:
    op.execute(COUNT_AGAIN)
    # Built beside the running shop: nobody waits for them.
    with op.get_context().autocommit_block():
        op.create_index(GRANTED, "coupon_grant", ["granted_at"], postgresql_concurrently=True, if_not_exists=True)
        op.create_index(
            TAKEN,
            "offer_choice",
            ["taken_at"],
            postgresql_where=sa.text("taken_at IS NOT NULL"),
            postgresql_concurrently=True,
            if_not_exists=True,
        )


def downgrade() -> None:
    op.drop_index(TAKEN, "offer_choice")
    op.drop_index(GRANTED, "coupon_grant")
    op.execute(COUNT_AGAIN)
