"""Stock that people keep: who moved it and why, when it is low, and which state an edit was made of."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0053"
down_revision = "0052"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("stock", sa.Column("version", sa.BigInteger, server_default=sa.text("1"), nullable=False))
    op.add_column("stock", sa.Column("alert_at", sa.Integer))
    op.add_column("stock", sa.Column("low_since", sa.DateTime(timezone=True)))
    op.create_check_constraint(op.f("ck_stock_alert_at"), "stock", "alert_at >= 0")
    op.create_index("ix_stock_watched", "stock", ["variant_id"], postgresql_where=sa.text("alert_at IS NOT NULL"))
    op.add_column("stock_move", sa.Column("made_by", sa.Text))
    op.add_column("stock_move", sa.Column("note", sa.Text))


def downgrade() -> None:
    op.drop_column("stock_move", "note")
    op.drop_column("stock_move", "made_by")
    op.drop_index("ix_stock_watched", "stock")
    op.drop_constraint(op.f("ck_stock_alert_at"), "stock")
    op.drop_column("stock", "low_since")
    op.drop_column("stock", "alert_at")
    op.drop_column("stock", "version")
