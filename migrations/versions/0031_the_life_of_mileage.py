"""When a part's points can be spent, which part a lot came from, and that its end was told."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0031"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("order_part", sa.Column("mileage_due_at", sa.DateTime(timezone=True)))
    op.add_column("order_part", sa.Column("mileage_matured_at", sa.DateTime(timezone=True)))
    op.execute("UPDATE order_part p SET mileage_matured_at = p.placed_at FROM orders o"
               " WHERE o.id = p.order_id AND o.mileage_promised = 0")  # fmt: skip
    op.create_index(
        "ix_order_part_mileage_due",
        "order_part",
        ["mileage_due_at"],
        postgresql_where=sa.text("mileage_matured_at IS NULL AND status IN ('shipped', 'delivered', 'closed')"),
    )
    op.add_column("mileage_lot", sa.Column("source_part_id", sa.Uuid))
    op.add_column("mileage_lot", sa.Column("end_told_at", sa.DateTime(timezone=True)))
    op.create_index("ix_mileage_lot_ends", "mileage_lot", ["expires_at"], postgresql_where=sa.text("remaining > 0"))
    op.create_index("ix_mileage_lot_source_order_id", "mileage_lot", ["source_order_id"])


def downgrade() -> None:
    op.drop_index("ix_mileage_lot_source_order_id", table_name="mileage_lot")
    op.drop_index("ix_mileage_lot_ends", table_name="mileage_lot")
    op.drop_column("mileage_lot", "end_told_at")
    op.drop_column("mileage_lot", "source_part_id")
    op.drop_index("ix_order_part_mileage_due", table_name="order_part")
    op.drop_column("order_part", "mileage_matured_at")
    op.drop_column("order_part", "mileage_due_at")
