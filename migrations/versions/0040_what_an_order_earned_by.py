"""By which rules of mileage and which tier an order earns, and who invited whom."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0040"
down_revision = "0039"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("orders", sa.Column("loyalty", JSONB))
    op.create_table(
        "referral_code",
        sa.Column("user_id", sa.Uuid, nullable=False),
        sa.Column("code", sa.Text, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name="fk_referral_code_user_id"),
        sa.PrimaryKeyConstraint("user_id", name="pk_referral_code"),
        sa.UniqueConstraint("code", name="uq_referral_code_code"),
    )
    op.create_table(
        "referral",
        sa.Column("referee_id", sa.Uuid, nullable=False),
        sa.Column("referrer_id", sa.Uuid, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("reason", sa.Text),
        sa.Column("order_id", sa.Uuid),
        sa.Column("referrer_points", sa.BigInteger, server_default=sa.text("0"), nullable=False),
        sa.Column("referee_points", sa.BigInteger, server_default=sa.text("0"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True)),
        sa.CheckConstraint("state IN ('waiting', 'given', 'refused')", name=op.f("ck_referral_state")),
        sa.CheckConstraint("referee_id <> referrer_id", name=op.f("ck_referral_self")),
        sa.ForeignKeyConstraint(["referee_id"], ["user_account.id"], name="fk_referral_referee_id"),
        sa.ForeignKeyConstraint(["referrer_id"], ["user_account.id"], name="fk_referral_referrer_id"),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name="fk_referral_order_id"),
        sa.PrimaryKeyConstraint("referee_id", name="pk_referral"),
    )
    op.create_index("ix_referral_referrer_id", "referral", ["referrer_id"])
    op.execute("GRANT SELECT, INSERT, UPDATE, DELETE ON referral_code, referral TO portal_app")


def downgrade() -> None:
    op.drop_table("referral")
    op.drop_table("referral_code")
    op.drop_column("orders", "loyalty")
