"""Choices about marketing, exports, erasures, and how long records are kept."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

revision = "0082"
down_revision = "0081"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)

# What a document says of its buyer goes with him; the mark of what it says since then stands beside the first one.
KEEP_DOCUMENT = """
CREATE OR REPLACE FUNCTION keep_document() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.issued_at IS NULL AND TG_OP = 'UPDATE' THEN
        RETURN NEW;
    END IF;
    IF TG_OP = 'UPDATE' AND to_jsonb(NEW) - {apart} = to_jsonb(OLD) - {apart} THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'document % is issued and cannot be changed', OLD.id USING ERRCODE = 'restrict_violation';
END $$
"""


def upgrade() -> None:
    op.create_table(
        "consent_choice",
        sa.Column("id", sa.BigInteger, sa.Identity(always=True), nullable=False),
        sa.Column("user_id", sa.Uuid, nullable=False),
        sa.Column("purpose", sa.Text, nullable=False),
        sa.Column("channel_id", sa.BigInteger),
        sa.Column("is_given", sa.Boolean, nullable=False),
        sa.Column("version", sa.Text, nullable=False),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name="fk_consent_choice_user_id"),
        sa.ForeignKeyConstraint(["channel_id"], ["channel.id"], name="fk_consent_choice_channel_id"),
        sa.PrimaryKeyConstraint("id", name="pk_consent_choice"),
    )
    op.create_index(
        "ix_consent_choice_user_id", "consent_choice", ["user_id", "purpose", "channel_id", sa.text("id DESC")]
    )
    op.create_table(
        "data_export",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("user_id", sa.Uuid, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("asked_at", INSTANT, nullable=False),
        sa.Column("made_at", INSTANT),
        sa.Column("expires_at", INSTANT),
        sa.Column("size", sa.Integer),
        sa.Column("content", sa.LargeBinary),
        sa.CheckConstraint("state IN ('wanted', 'ready', 'gone')", name=op.f("ck_data_export_state")),
        sa.CheckConstraint("(state = 'ready') = (content IS NOT NULL)", name=op.f("ck_data_export_content")),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name="fk_data_export_user_id"),
        sa.PrimaryKeyConstraint("id", name="pk_data_export"),
    )
    op.create_index(
        "uq_data_export_wanted",
        "data_export",
        ["user_id"],
        unique=True,
        postgresql_where=sa.text("state = 'wanted'"),
    )
    op.create_index("ix_data_export_user_id", "data_export", ["user_id", sa.text("asked_at DESC")])
    op.create_index("ix_data_export_open", "data_export", ["asked_at"], postgresql_where=sa.text("state <> 'gone'"))
    op.create_table(
        "erasure",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("user_id", sa.Uuid, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("requested_by", sa.Text, nullable=False),
        sa.Column("reason", sa.Text),
        sa.Column("gives_up", sa.Boolean, nullable=False),
        sa.Column("requested_at", INSTANT, nullable=False),
        sa.Column("due_at", INSTANT, nullable=False),
        sa.Column("blocked_by", ARRAY(sa.Text), nullable=False, server_default=sa.text("'{}'")),
        sa.Column("ended_at", INSTANT),
        sa.Column("ended_by", sa.Text),
        sa.CheckConstraint("state IN ('waiting', 'cancelled', 'done')", name=op.f("ck_erasure_state")),
        sa.CheckConstraint("(state = 'waiting') = (ended_at IS NULL)", name=op.f("ck_erasure_ended")),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name="fk_erasure_user_id"),
        sa.PrimaryKeyConstraint("id", name="pk_erasure"),
    )
    op.create_index(
        "uq_erasure_waiting", "erasure", ["user_id"], unique=True, postgresql_where=sa.text("state = 'waiting'")
    )
    op.create_index("ix_erasure_requested_at", "erasure", [sa.text("requested_at DESC"), sa.text("id DESC")])
    op.create_index("ix_erasure_due", "erasure", ["due_at"], postgresql_where=sa.text("state = 'waiting'"))
    op.create_table(
        "retention_rule",
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("days", sa.Integer, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("changed_by", sa.Uuid, nullable=False),
        sa.Column("changed_at", INSTANT, nullable=False),
        sa.CheckConstraint("days BETWEEN 1 AND 36500", name=op.f("ck_retention_rule_days")),
        sa.ForeignKeyConstraint(["changed_by"], ["user_account.id"], name="fk_retention_rule_changed_by"),
        sa.PrimaryKeyConstraint("kind", name="pk_retention_rule"),
    )
    op.create_table(
        "retention_run",
        sa.Column("id", sa.BigInteger, sa.Identity(always=True), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("by", sa.Text, nullable=False),
        sa.Column("is_dry", sa.Boolean, nullable=False),
        sa.Column("counts", JSONB, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_retention_run"),
    )
    op.create_index("ix_retention_run_at", "retention_run", [sa.text("at DESC"), sa.text("id DESC")])
    op.add_column("document", sa.Column("erased_sha256", sa.Text))
    op.execute(KEEP_DOCUMENT.format(apart="'{content,erased_sha256}'::text[]"))
    op.execute("GRANT SELECT, INSERT ON consent_choice, retention_run TO portal_app")
    op.execute("GRANT SELECT, INSERT, UPDATE, DELETE ON data_export TO portal_app")
    op.execute("GRANT SELECT, INSERT, UPDATE ON erasure, retention_rule TO portal_app")
    op.execute(
        "GRANT DELETE ON ticket_file, ticket_message, return_picture, remark_picture, notice_preference TO portal_app"
    )


def downgrade() -> None:
    op.execute(
        "REVOKE DELETE ON ticket_file, ticket_message, return_picture, remark_picture, notice_preference FROM portal_app"
    )
    op.execute(KEEP_DOCUMENT.format(apart="'content'"))
    op.drop_column("document", "erased_sha256")
    for table in ("retention_run", "retention_rule", "erasure", "data_export", "consent_choice"):
        op.drop_table(table)
