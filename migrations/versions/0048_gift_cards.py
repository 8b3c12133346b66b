"""Gift cards."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0048"
down_revision = "0047"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "gift_card",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("buyer_id", sa.Uuid, nullable=False),
        sa.Column("payment_id", sa.Uuid, nullable=False),
        sa.Column("channel_id", sa.BigInteger, nullable=False),
        sa.Column("currency", sa.Text, nullable=False),
        sa.Column("amount_minor", sa.BigInteger, nullable=False),
        sa.Column("back_minor", sa.BigInteger, server_default=sa.text("0"), nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("code_index", sa.LargeBinary),
        sa.Column("code", sa.LargeBinary),
        sa.Column("recipient", sa.LargeBinary, nullable=False),
        sa.Column("sender", sa.LargeBinary, nullable=False),
        sa.Column("message", sa.LargeBinary, nullable=False),
        sa.Column("locale", sa.Text, nullable=False),
        sa.Column("reason", sa.Text),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("expires_at", INSTANT),
        sa.Column("redeemed_by", sa.Uuid),
        sa.Column("redeemed_at", INSTANT),
        sa.Column("closed_at", INSTANT),
        sa.CheckConstraint(
            "amount_minor > 0 AND back_minor BETWEEN 0 AND amount_minor", name=op.f("ck_gift_card_amount")
        ),
        sa.CheckConstraint(
            "state IN ('unpaid', 'active', 'redeemed', 'void', 'expired', 'given_back')",
            name=op.f("ck_gift_card_state"),
        ),
        sa.CheckConstraint("(state = 'redeemed') <= (redeemed_by IS NOT NULL)", name=op.f("ck_gift_card_redeemed")),
        sa.CheckConstraint("(code_index IS NULL) = (code IS NULL)", name=op.f("ck_gift_card_code")),
        sa.ForeignKeyConstraint(["buyer_id"], ["user_account.id"], name=op.f("fk_gift_card_buyer_id_user_account")),
        sa.ForeignKeyConstraint(["payment_id"], ["payment.id"], name=op.f("fk_gift_card_payment_id_payment")),
        sa.ForeignKeyConstraint(["channel_id"], ["channel.id"], name=op.f("fk_gift_card_channel_id_channel")),
        sa.ForeignKeyConstraint(
            ["redeemed_by"], ["user_account.id"], name=op.f("fk_gift_card_redeemed_by_user_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_gift_card")),
        sa.UniqueConstraint("payment_id", name=op.f("uq_gift_card_payment_id")),
    )
    op.create_index("uq_gift_card_code_index", "gift_card", ["code_index"], unique=True)
    op.create_index("ix_gift_card_buyer_id", "gift_card", ["buyer_id", sa.text("created_at DESC")])
    op.create_index("ix_gift_card_created_at", "gift_card", [sa.text("created_at DESC"), sa.text("id DESC")])
    op.create_index("ix_gift_card_redeemed_by", "gift_card", ["redeemed_by"])
    op.create_index("ix_gift_card_ends", "gift_card", ["expires_at"], postgresql_where=sa.text("state = 'active'"))
    op.execute("GRANT SELECT, INSERT, UPDATE, DELETE ON gift_card TO portal_app")


def downgrade() -> None:
    op.drop_table("gift_card")
