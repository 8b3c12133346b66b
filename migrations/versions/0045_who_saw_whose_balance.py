"""Looks at balances are found among millions of other records."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0045"
down_revision = "0044"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(
        "ix_audit_row_balance_views",
        "audit_row",
        [sa.text("id DESC")],
        postgresql_where=sa.text("action = 'balance:viewed'"),
    )


def downgrade() -> None:
    op.drop_index("ix_audit_row_balance_views", table_name="audit_row")
