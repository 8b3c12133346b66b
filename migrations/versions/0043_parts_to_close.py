"""Find parts that have arrived and can be closed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0043"
down_revision = "0042"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(
        "ix_order_part_to_close", "order_part", ["mileage_matured_at"], postgresql_where=sa.text("status = 'delivered'")
    )


def downgrade() -> None:
    op.drop_index("ix_order_part_to_close", "order_part")
