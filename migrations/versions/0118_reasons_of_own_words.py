"""Decisions by which a channel differs from the mall may be about a product."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0118"
down_revision = "0117"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("override_decision", sa.Column("product_id", sa.BigInteger))
    op.create_foreign_key(
        op.f("fk_override_decision_product_id"), "override_decision", "product", ["product_id"], ["id"]
    )
    op.create_index(
        "ix_override_decision_product_id",
        "override_decision",
        ["product_id", sa.text("id DESC")],
        postgresql_where=sa.text("product_id IS NOT NULL"),
    )


def downgrade() -> None:
    op.drop_index("ix_override_decision_product_id", "override_decision")
    op.execute("DELETE FROM override_decision WHERE product_id IS NOT NULL")
    op.drop_column("override_decision", "product_id")
