"""Causes that points can be donated to, and points on their way to another person."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0050"
down_revision = "0049"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "cause",
        sa.Column("id", sa.BigInteger, sa.Identity(always=False), nullable=False),
        sa.Column("names", JSONB, nullable=False),
        sa.Column("descriptions", JSONB, nullable=False),
        sa.Column("is_open", sa.Boolean, server_default=sa.text("true"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_cause"),
    )
    op.create_table(
        "mileage_donation",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("user_id", sa.Uuid, nullable=False),
        sa.Column("cause_id", sa.BigInteger, nullable=False),
        sa.Column("idem_key", sa.Text, nullable=False),
        sa.Column("points", sa.BigInteger, nullable=False),
        sa.Column("currency", sa.Text, nullable=False),
        sa.Column("amount_minor", sa.BigInteger, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("points > 0 AND amount_minor > 0", name=op.f("ck_mileage_donation_points")),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name="fk_mileage_donation_user_id"),
        sa.ForeignKeyConstraint(["cause_id"], ["cause.id"], name="fk_mileage_donation_cause_id"),
        sa.PrimaryKeyConstraint("id", name="pk_mileage_donation"),
        sa.UniqueConstraint("idem_key", name="uq_mileage_donation_idem_key"),
    )
    op.create_index("ix_mileage_donation_user_id", "mileage_donation", ["user_id", sa.text("at DESC")])
    op.create_index("ix_mileage_donation_cause_id", "mileage_donation", ["cause_id"])
    op.create_table(
        "mileage_gift",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("sender_id", sa.Uuid, nullable=False),
        sa.Column("recipient", sa.LargeBinary, nullable=False),
        sa.Column("recipient_index", sa.LargeBinary, nullable=False),
        sa.Column("recipient_id", sa.Uuid),
        sa.Column("idem_key", sa.Text, nullable=False),
        sa.Column("points", sa.BigInteger, nullable=False),
        sa.Column("message", sa.LargeBinary, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True)),
        sa.CheckConstraint("points > 0", name=op.f("ck_mileage_gift_points")),
        sa.CheckConstraint(
            "state IN ('waiting', 'accepted', 'declined', 'cancelled', 'expired')", name=op.f("ck_mileage_gift_state")
        ),
        sa.ForeignKeyConstraint(["sender_id"], ["user_account.id"], name="fk_mileage_gift_sender_id"),
        sa.ForeignKeyConstraint(["recipient_id"], ["user_account.id"], name="fk_mileage_gift_recipient_id"),
        sa.PrimaryKeyConstraint("id", name="pk_mileage_gift"),
        sa.UniqueConstraint("idem_key", name="uq_mileage_gift_idem_key"),
    )
    op.create_index("ix_mileage_gift_sender_id", "mileage_gift", ["sender_id", sa.text("created_at DESC")])
    op.create_index("ix_mileage_gift_recipient_index", "mileage_gift", ["recipient_index"])
    op.create_index(
        "ix_mileage_gift_waiting", "mileage_gift", ["expires_at"], postgresql_where=sa.text("state = 'waiting'")
    )
    op.create_table(
        "mileage_gift_lot",
        sa.Column("gift_id", sa.Uuid, nullable=False),
        sa.Column("lot_id", sa.BigInteger, nullable=False),
        sa.Column("points", sa.BigInteger, nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("points > 0", name=op.f("ck_mileage_gift_lot_points")),
        sa.ForeignKeyConstraint(["gift_id"], ["mileage_gift.id"], name="fk_mileage_gift_lot_gift_id"),
        sa.ForeignKeyConstraint(["lot_id"], ["mileage_lot.id"], name="fk_mileage_gift_lot_lot_id"),
        sa.PrimaryKeyConstraint("gift_id", "lot_id", name="pk_mileage_gift_lot"),
    )
    op.execute("GRANT SELECT, INSERT, UPDATE, DELETE ON cause, mileage_gift, mileage_gift_lot TO portal_app")
    op.execute("GRANT SELECT, INSERT ON mileage_donation TO portal_app")


def downgrade() -> None:
    op.drop_table("mileage_gift_lot")
    op.drop_table("mileage_gift")
    op.drop_table("mileage_donation")
    op.drop_table("cause")
