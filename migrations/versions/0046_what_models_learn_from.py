"""What models learn from, and the models."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

revision = "0046"
down_revision = "0045"
branch_labels = None
depends_on = None

TABLES = ("fraud_model", "training_event", "training_file", "training_set")


def upgrade() -> None:
    op.create_table(
        "training_set",
        sa.Column("id", sa.BigInteger, sa.Identity(always=True), nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("columns", JSONB, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_training_set"),
        sa.UniqueConstraint("name", name="uq_training_set_name"),
    )
    op.create_table(
        "training_file",
        sa.Column("id", sa.BigInteger, sa.Identity(always=True), nullable=False),
        sa.Column("training_set_id", sa.BigInteger, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("sha256", sa.Text, nullable=False),
        sa.Column("events", sa.Integer, nullable=False),
        sa.Column("refused", sa.Integer, nullable=False),
        sa.Column("taken_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["training_set_id"], ["training_set.id"], name="fk_training_file_training_set_id"),
        sa.PrimaryKeyConstraint("id", name="pk_training_file"),
        sa.UniqueConstraint("training_set_id", "sha256", name="uq_training_file_training_set_id_sha256"),
    )
    op.create_table(
        "training_event",
        sa.Column("id", sa.BigInteger, sa.Identity(always=True), nullable=False),
        sa.Column("training_set_id", sa.BigInteger, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("customer", sa.Text),
        sa.Column("terminal", sa.Text),
        sa.Column("amount", sa.Float, nullable=False),
        sa.Column("label", sa.Boolean),
        sa.Column("numbers", ARRAY(sa.Float), nullable=False),
        sa.Column("words", ARRAY(sa.Text), nullable=False),
        sa.ForeignKeyConstraint(["training_set_id"], ["training_set.id"], name="fk_training_event_training_set_id"),
        sa.PrimaryKeyConstraint("id", name="pk_training_event"),
    )
    op.create_index("ix_training_event_order", "training_event", ["training_set_id", "at", "id"])
    op.create_table(
        "fraud_model",
        sa.Column("id", sa.BigInteger, sa.Identity(always=True), nullable=False),
        sa.Column("training_set_id", sa.BigInteger, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("kept", JSONB, nullable=False),
        sa.Column("trees", sa.Text, nullable=False),
        sa.Column("sha256", sa.Text, nullable=False),
        sa.Column("card", JSONB, nullable=False),
        sa.Column("trained_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("version > 0", name=op.f("ck_fraud_model_version")),
        sa.ForeignKeyConstraint(["training_set_id"], ["training_set.id"], name="fk_fraud_model_training_set_id"),
        sa.PrimaryKeyConstraint("id", name="pk_fraud_model"),
        sa.UniqueConstraint("training_set_id", "version", name="uq_fraud_model_training_set_id_version"),
    )
    op.execute("GRANT SELECT, INSERT ON training_event, fraud_model TO portal_app")
    # A set is locked by who writes into it, and a file's note is finished when its lines were read.
    op.execute("GRANT SELECT, INSERT, UPDATE ON training_set, training_file TO portal_app")


def downgrade() -> None:
    for table in TABLES:
        op.drop_table(table)
