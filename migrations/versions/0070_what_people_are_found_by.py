"""Marks by which orders and people are found though their names are encrypted, and the last characters of gift cards."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0070"
down_revision = "0069"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for table in ("orders", "user_account"):
        op.add_column(table, sa.Column("marks", sa.ARRAY(sa.Text)))
        op.create_index(f"ix_{table}_marks", table, ["marks"], postgresql_using="gin")
        op.create_index(f"ix_{table}_unmarked", table, ["id"], postgresql_where=sa.text("marks IS NULL"))
    op.create_index("ix_user_account_id_end", "user_account", [sa.text("right(id::text, 8)")])
    op.add_column("gift_card", sa.Column("code_end", sa.Text))
    op.create_index(
        "ix_gift_card_code_end", "gift_card", ["code_end"], postgresql_where=sa.text("code_end IS NOT NULL")
    )
    for table in ("seller_payout", "payout"):
        op.create_index(
            f"ix_{table}_reference", table, ["reference"], postgresql_where=sa.text("reference IS NOT NULL")
        )
    op.create_index(
        "ix_cash_receipt_issue_number",
        "cash_receipt",
        ["issue_number"],
        postgresql_where=sa.text("issue_number IS NOT NULL"),
    )


def downgrade() -> None:
    op.drop_index("ix_cash_receipt_issue_number", "cash_receipt")
    for table in ("payout", "seller_payout"):
        op.drop_index(f"ix_{table}_reference", table)
    op.drop_index("ix_gift_card_code_end", "gift_card")
    op.drop_column("gift_card", "code_end")
    op.drop_index("ix_user_account_id_end", "user_account")
    for table in ("user_account", "orders"):
        op.drop_index(f"ix_{table}_unmarked", table)
        op.drop_index(f"ix_{table}_marks", table)
        op.drop_column(table, "marks")
