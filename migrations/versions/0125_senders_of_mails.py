"""A mail of a channel comes in the channel's name."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0125"
down_revision = "0124"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("mail", sa.Column("sender", sa.Text(), nullable=True))


def downgrade() -> None:
    op.drop_column("mail", "sender")
