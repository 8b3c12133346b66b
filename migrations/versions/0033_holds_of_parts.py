"""Holds of several kinds, and until when a seller should confirm and send his part."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # What was held until now was held by a risk rule.
    op.add_column("order_hold", sa.Column("kind", sa.Text, server_default="fraud", nullable=False))
    op.alter_column("order_hold", "kind", server_default=None)
    op.add_column("order_hold", sa.Column("note", sa.Text))
    op.create_check_constraint(
        op.f("ck_order_hold_kind"), "order_hold", "kind IN ('fraud', 'payment', 'seller', 'admin')"
    )
    op.add_column("order_part", sa.Column("accept_by", sa.DateTime(timezone=True)))
    op.add_column("order_part", sa.Column("ship_by", sa.DateTime(timezone=True)))
    op.create_index(
        "ix_order_part_to_send",
        "order_part",
        ["ship_by"],
        postgresql_where=sa.text("status IN ('released', 'accepted', 'packed')"),
    )


def downgrade() -> None:
    op.drop_index("ix_order_part_to_send", "order_part")
    op.drop_column("order_part", "ship_by")
    op.drop_column("order_part", "accept_by")
    op.drop_constraint(op.f("ck_order_hold_kind"), "order_hold")
    op.drop_column("order_hold", "note")
    op.drop_column("order_hold", "kind")
