"""Gateways that tell instead of being asked: what a buyer brings back, and notices by our own key."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("payment_attempt", sa.Column("returned", sa.LargeBinary))
    op.create_index("ix_provider_event_note", "provider_event", ["note"])


def downgrade() -> None:
    op.drop_index("ix_provider_event_note", "provider_event")
    op.drop_column("payment_attempt", "returned")
