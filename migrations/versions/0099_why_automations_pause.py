"""Automations that are paused by themselves say why."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0099"
down_revision = "0098"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("automation", sa.Column("reason", sa.Text))


def downgrade() -> None:
    op.drop_column("automation", "reason")
