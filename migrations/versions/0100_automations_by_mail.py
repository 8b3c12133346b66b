"""Automations tell of their offers behind the bell, by mail, or both; mails keep the address that ends them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0100"
down_revision = "0099"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("automation", sa.Column("told_by", sa.Text, nullable=False, server_default="bell"))
    op.create_check_constraint(op.f("ck_automation_told_by"), "automation", "told_by IN ('bell', 'mail', 'both')")
    op.add_column("mail", sa.Column("unsubscribe", sa.LargeBinary))


def downgrade() -> None:
    op.drop_column("mail", "unsubscribe")
    op.drop_constraint(op.f("ck_automation_told_by"), "automation")
    op.drop_column("automation", "told_by")
