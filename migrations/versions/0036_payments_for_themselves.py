"""A payment that is no order's has an end of its own: until then its money is waited for."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0036"
down_revision = "0035"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("payment", sa.Column("expires_at", sa.DateTime(timezone=True)))
    op.create_index(
        "ix_payment_expires_at",
        "payment",
        ["expires_at"],
        postgresql_where=sa.text("expires_at IS NOT NULL AND status IN ('pending', 'requires_action', 'authorised')"),
    )


def downgrade() -> None:
    op.drop_index("ix_payment_expires_at", "payment")
    op.drop_column("payment", "expires_at")
