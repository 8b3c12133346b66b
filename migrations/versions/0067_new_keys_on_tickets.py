"""Messages and files of tickets are encrypted: a new key is put on them as on everything else."""

from __future__ import annotations

from alembic import op

revision = "0067"
down_revision = "0066"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("GRANT UPDATE ON ticket_message, ticket_file TO portal_app")


def downgrade() -> None:
    op.execute("REVOKE UPDATE ON ticket_message, ticket_file FROM portal_app")
