"""When each posting was made, so that a history is read by its days without a look at the entries."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # The default is for processes of the version before, which write no time of their own.
    op.add_column(
        "ledger_posting",
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
    )
    op.execute("ALTER TABLE ledger_posting DISABLE TRIGGER ledger_posting_stays")
    op.execute("UPDATE ledger_posting p SET at = e.created_at FROM ledger_entry e WHERE e.id = p.entry_id")
    op.execute("ALTER TABLE ledger_posting ENABLE TRIGGER ledger_posting_stays")
    op.drop_index("ix_ledger_posting_account_id", table_name="ledger_posting")
    op.create_index(
        "ix_ledger_posting_account_at",
        "ledger_posting",
        ["account_id", sa.text("at DESC"), sa.text("id DESC")],
        postgresql_include=["amount_minor"],
    )


def downgrade() -> None:
    op.drop_index("ix_ledger_posting_account_at", table_name="ledger_posting")
    op.create_index("ix_ledger_posting_account_id", "ledger_posting", ["account_id", sa.text("id DESC")])
    op.drop_column("ledger_posting", "at")
