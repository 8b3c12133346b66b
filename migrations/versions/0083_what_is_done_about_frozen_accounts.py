"""Procedures of remediation, and how far each has come."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

revision = "0083"
down_revision = "0082"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "remediation_procedure",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("reasons", ARRAY(sa.Text), nullable=False),
        sa.Column("steps", JSONB, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("changed_by", sa.Uuid, nullable=False),
        sa.Column("changed_at", INSTANT, nullable=False),
        sa.Column("version", sa.Integer, nullable=False, server_default=sa.text("1")),
        sa.CheckConstraint("state IN ('open', 'closed')", name=op.f("ck_remediation_procedure_state")),
        sa.ForeignKeyConstraint(["changed_by"], ["user_account.id"], name="fk_remediation_procedure_changed_by"),
        sa.PrimaryKeyConstraint("id", name="pk_remediation_procedure"),
    )
    op.create_table(
        "remediation",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("procedure_id", sa.Uuid, nullable=False),
        sa.Column("freeze_id", sa.Uuid, nullable=False),
        sa.Column("user_id", sa.Uuid, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("steps", JSONB, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("started_by", sa.Text, nullable=False),
        sa.Column("started_at", INSTANT, nullable=False),
        sa.Column("ended_at", INSTANT),
        sa.CheckConstraint("state IN ('open', 'done', 'broken_off')", name=op.f("ck_remediation_state")),
        sa.CheckConstraint("(state = 'open') = (ended_at IS NULL)", name=op.f("ck_remediation_ended")),
        sa.ForeignKeyConstraint(["procedure_id"], ["remediation_procedure.id"], name="fk_remediation_procedure_id"),
        sa.ForeignKeyConstraint(["freeze_id"], ["account_freeze.id"], name="fk_remediation_freeze_id"),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name="fk_remediation_user_id"),
        sa.PrimaryKeyConstraint("id", name="pk_remediation"),
    )
    op.create_index("ix_remediation_freeze_id", "remediation", ["freeze_id"])
    op.create_index("ix_remediation_user_id", "remediation", ["user_id", sa.text("started_at DESC")])
    op.create_table(
        "remediation_tick",
        sa.Column("remediation_id", sa.Uuid, nullable=False),
        sa.Column("n", sa.Integer, nullable=False),
        sa.Column("done_by", sa.Uuid, nullable=False),
        sa.Column("done_at", INSTANT, nullable=False),
        sa.Column("note", sa.Text),
        sa.ForeignKeyConstraint(["remediation_id"], ["remediation.id"], name="fk_remediation_tick_remediation_id"),
        sa.ForeignKeyConstraint(["done_by"], ["user_account.id"], name="fk_remediation_tick_done_by"),
        sa.PrimaryKeyConstraint("remediation_id", "n", name="pk_remediation_tick"),
    )
    op.execute("GRANT SELECT, INSERT, UPDATE ON remediation_procedure, remediation TO portal_app")
    op.execute("GRANT SELECT, INSERT, UPDATE, DELETE ON remediation_tick TO portal_app")


def downgrade() -> None:
    for table in ("remediation_tick", "remediation", "remediation_procedure"):
        op.drop_table(table)
