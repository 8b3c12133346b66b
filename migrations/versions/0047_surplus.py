"""Money that came in beyond what a payment took, and what was decided about it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0047"
down_revision = "0046"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "surplus",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("attempt_id", sa.Uuid, nullable=False),
        sa.Column("currency", sa.Text, nullable=False),
        sa.Column("amount_minor", sa.BigInteger, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("found_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True)),
        sa.Column("decided_by", sa.Text),
        sa.Column("bank", sa.LargeBinary),
        sa.Column("tries", sa.Integer, server_default="0", nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True)),
        sa.Column("refund_ref", sa.Text),
        sa.Column("code", sa.Text),
        sa.CheckConstraint("amount_minor > 0", name=op.f("ck_surplus_amount")),
        sa.CheckConstraint("state IN ('open', 'kept', 'returning', 'returned')", name=op.f("ck_surplus_state")),
        sa.CheckConstraint("(state = 'open') = (decided_at IS NULL)", name=op.f("ck_surplus_decided")),
        sa.ForeignKeyConstraint(["attempt_id"], ["payment_attempt.id"], name="fk_surplus_attempt_id"),
    )
    op.create_index("ix_surplus_attempt_id", "surplus", ["attempt_id"])
    op.create_index(
        "ix_surplus_open", "surplus", ["found_at"], postgresql_where=sa.text("state IN ('open', 'returning')")
    )
    op.execute("GRANT SELECT, INSERT, UPDATE ON surplus TO portal_app")
    # Disputes that a gateway only mentions: the inbox of exceptions looks for them.
    op.create_index(
        "ix_provider_event_letter",
        "provider_event",
        ["gateway", "gateway_ref"],
        postgresql_where=sa.text("note LIKE 'letter:%'"),
    )


def downgrade() -> None:
    op.drop_index("ix_provider_event_letter", table_name="provider_event")
    op.drop_table("surplus")
