"""Corrections of balances by hand."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0038"
down_revision = "0037"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "adjustment",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("currency", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("campaign_id", sa.BigInteger),
        sa.Column("expires_at", sa.DateTime(timezone=True)),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("lines", sa.Integer, nullable=False),
        sa.Column("refused", sa.Integer, nullable=False),
        sa.Column("up_minor", sa.BigInteger, nullable=False),
        sa.Column("down_minor", sa.BigInteger, nullable=False),
        sa.Column("needs_second", sa.Boolean, nullable=False),
        sa.Column("made_by", sa.Uuid, nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_by", sa.Uuid),
        sa.Column("decided_at", sa.DateTime(timezone=True)),
        sa.Column("answer", sa.Text),
        sa.Column("undone_by", sa.Uuid),
        sa.Column("undo_reason", sa.Text),
        sa.Column("ended_at", sa.DateTime(timezone=True)),
        sa.CheckConstraint(
            "decided_by IS NULL OR decided_by <> made_by OR state = 'cancelled'", name=op.f("ck_adjustment_second")
        ),
        sa.ForeignKeyConstraint(["campaign_id"], ["campaign.id"], name="fk_adjustment_campaign_id"),
        sa.ForeignKeyConstraint(["made_by"], ["user_account.id"], name="fk_adjustment_made_by"),
        sa.ForeignKeyConstraint(["decided_by"], ["user_account.id"], name="fk_adjustment_decided_by"),
        sa.ForeignKeyConstraint(["undone_by"], ["user_account.id"], name="fk_adjustment_undone_by"),
        sa.PrimaryKeyConstraint("id", name="pk_adjustment"),
        sa.UniqueConstraint("key", name="uq_adjustment_key"),
    )
    op.create_index("ix_adjustment_made_at", "adjustment", [sa.text("made_at DESC"), sa.text("id DESC")])
    op.create_index(
        "ix_adjustment_open", "adjustment", ["id"], postgresql_where=sa.text("state IN ('running', 'undoing')")
    )
    op.create_table(
        "adjustment_line",
        sa.Column("id", sa.BigInteger, sa.Identity(always=True), nullable=False),
        sa.Column("adjustment_id", sa.Uuid, nullable=False),
        sa.Column("n", sa.Integer, nullable=False),
        sa.Column("given", sa.LargeBinary, nullable=False),
        sa.Column("user_id", sa.Uuid),
        sa.Column("amount_minor", sa.BigInteger),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("code", sa.Text),
        sa.Column("before_minor", sa.BigInteger),
        sa.Column("after_minor", sa.BigInteger),
        sa.Column("entry_id", sa.BigInteger),
        sa.Column("undo_entry_id", sa.BigInteger),
        sa.Column("lots", JSONB),
        sa.CheckConstraint(
            "state IN ('ready', 'refused', 'applied', 'failed', 'undone', 'kept')",
            name=op.f("ck_adjustment_line_state"),
        ),
        sa.CheckConstraint(
            "state = 'refused' OR (user_id IS NOT NULL AND amount_minor IS NOT NULL)",
            name=op.f("ck_adjustment_line_ready"),
        ),
        sa.CheckConstraint(
            "(entry_id IS NOT NULL) = (state IN ('applied', 'undone', 'kept'))", name=op.f("ck_adjustment_line_entry")
        ),
        sa.ForeignKeyConstraint(["adjustment_id"], ["adjustment.id"], name="fk_adjustment_line_adjustment_id"),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name="fk_adjustment_line_user_id"),
        sa.ForeignKeyConstraint(["entry_id"], ["ledger_entry.id"], name="fk_adjustment_line_entry_id"),
        sa.ForeignKeyConstraint(["undo_entry_id"], ["ledger_entry.id"], name="fk_adjustment_line_undo_entry_id"),
        sa.PrimaryKeyConstraint("id", name="pk_adjustment_line"),
        sa.UniqueConstraint("adjustment_id", "n", name="uq_adjustment_line_adjustment_id_n"),
    )
    op.create_index(
        "uq_adjustment_line_person",
        "adjustment_line",
        ["adjustment_id", "user_id"],
        unique=True,
        postgresql_where=sa.text("state <> 'refused'"),
    )
    op.create_index("ix_adjustment_line_state", "adjustment_line", ["adjustment_id", "state", "n"])
    op.create_index("ix_adjustment_line_entry_id", "adjustment_line", ["entry_id"])
    # What was decided is never deleted: it is undone by entries of its own.
    op.execute("GRANT SELECT, INSERT, UPDATE ON adjustment, adjustment_line TO portal_app")


def downgrade() -> None:
    op.drop_table("adjustment_line")
    op.drop_table("adjustment")
