"""Find attempts by their card's fingerprint: cards that several accounts pay with."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0064"
down_revision = "0063"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(
        "ix_payment_attempt_card",
        "payment_attempt",
        [sa.text("(card ->> 'fingerprint')")],
        postgresql_where=sa.text("card ->> 'fingerprint' IS NOT NULL"),
    )


def downgrade() -> None:
    op.drop_index("ix_payment_attempt_card", "payment_attempt")
