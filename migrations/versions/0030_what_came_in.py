"""How much came in where no order could use it, so that just this goes back."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("payment_attempt", sa.Column("received_minor", sa.BigInteger))


def downgrade() -> None:
    op.drop_column("payment_attempt", "received_minor")
