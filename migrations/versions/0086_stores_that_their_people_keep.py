"""What a store says of itself, when it pauses, and where its money goes."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0086"
down_revision = "0085"
branch_labels = None
depends_on = None

AT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.add_column("store", sa.Column("version", sa.BigInteger, server_default=sa.text("1"), nullable=False))
    op.add_column("store", sa.Column("changed_by", sa.Text))
    op.add_column("store", sa.Column("changed_at", AT))
    op.add_column("store", sa.Column("contact_email", sa.LargeBinary))
    op.add_column("store", sa.Column("contact_phone", sa.LargeBinary))
    op.add_column("store", sa.Column("return_address", sa.LargeBinary))
    op.add_column("store", sa.Column("paused_from", AT))
    op.add_column("store", sa.Column("paused_until", AT))
    op.add_column("store", sa.Column("pause_message", postgresql.JSONB, server_default=sa.text("'{}'"), nullable=False))
    op.create_check_constraint(
        op.f("ck_store_paused"),
        "store",
        "paused_until IS NULL OR (paused_from IS NOT NULL AND paused_from < paused_until)",
    )
    op.create_table(
        "store_bank",
        sa.Column("store_id", sa.BigInteger, autoincrement=False, nullable=False),
        sa.Column("details", sa.LargeBinary, nullable=False),
        sa.Column("version", sa.BigInteger, server_default=sa.text("1"), nullable=False),
        sa.Column("changed_by", sa.Text, nullable=False),
        sa.Column("changed_at", AT, nullable=False),
        sa.Column("payouts_wait_until", AT),
        sa.ForeignKeyConstraint(["store_id"], ["store.id"], name=op.f("fk_store_bank_store_id")),
        sa.PrimaryKeyConstraint("store_id", name=op.f("pk_store_bank")),
    )
    op.execute("GRANT SELECT, INSERT, UPDATE ON store_bank TO portal_app")


def downgrade() -> None:
    op.drop_table("store_bank")
    op.drop_constraint(op.f("ck_store_paused"), "store")
    for column in (
        "pause_message",
        "paused_until",
        "paused_from",
        "return_address",
        "contact_phone",
        "contact_email",
        "changed_at",
        "changed_by",
        "version",
    ):
        op.drop_column("store", column)
