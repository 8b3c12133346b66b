"""Audit rows are found by day, device and IP address."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0084"
down_revision = "0083"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("web_session", sa.Column("ip_index", sa.LargeBinary))
    op.create_index(
        "ix_web_session_ip_index", "web_session", ["ip_index"], postgresql_where=sa.text("ip_index IS NOT NULL")
    )
    op.create_index("ix_audit_row_at", "audit_row", ["at"], postgresql_using="brin")


def downgrade() -> None:
    op.drop_index("ix_audit_row_at", "audit_row")
    op.drop_index("ix_web_session_ip_index", "web_session")
    op.drop_column("web_session", "ip_index")
