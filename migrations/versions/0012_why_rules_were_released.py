"""Why a version of the routing rules was put in force."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("routing_release", sa.Column("reason", sa.Text, server_default="", nullable=False))


def downgrade() -> None:
    op.drop_column("routing_release", "reason")
