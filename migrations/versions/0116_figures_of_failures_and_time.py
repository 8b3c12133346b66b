"""Figures count failures at gateways apart, and how long refunds take: all days are counted again."""

from __future__ import annotations

from alembic import op

revision = "0116"
down_revision = "0115"
branch_labels = None
depends_on = None

# Without a time they count as never made: the next renewal makes all of them, in short pieces beside the running shop.
COUNT_AGAIN = "UPDATE figure_state SET renewed_at = NULL"


def upgrade() -> None:
    op.execute(COUNT_AGAIN)


def downgrade() -> None:
    op.execute(COUNT_AGAIN)
