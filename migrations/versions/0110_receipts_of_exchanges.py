"""What a dearer exchange costs has a receipt of its own, and a credit note for what goes back of it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0110"
down_revision = "0109"
branch_labels = None
depends_on = None

_KIND = (
    "(kind = 'credit_note') = (corrects_id IS NOT NULL)"
    " AND (kind = 'credit_note' AND entry_id IS NULL) = (refund_id IS NOT NULL)"
)


def upgrade() -> None:
    op.add_column("document", sa.Column("entry_id", sa.BigInteger))
    op.create_unique_constraint("uq_document_entry_id", "document", ["entry_id"])
    _check(_KIND)
    _index("kind = 'receipt' AND entry_id IS NULL")


def downgrade() -> None:
    _index("kind = 'receipt'")
    _check("(kind = 'credit_note') = (refund_id IS NOT NULL)")
    op.drop_constraint("uq_document_entry_id", "document")
    op.drop_column("document", "entry_id")


def _check(condition: str) -> None:
    op.drop_constraint(op.f("ck_document_kind"), "document")
    op.create_check_constraint(op.f("ck_document_kind"), "document", condition)


def _index(condition: str) -> None:
    op.drop_index("uq_document_receipt", "document")
    op.create_index("uq_document_receipt", "document", ["order_id"], unique=True, postgresql_where=sa.text(condition))
