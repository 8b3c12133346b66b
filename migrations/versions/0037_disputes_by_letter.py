"""Disputes that a person records, what a bank says it holds beside what is booked, and who bore how much of a loss."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0037"
down_revision = "0036"
branch_labels = None
depends_on = None

# Who bore what so far stands in the entries.
_BORNE = """
UPDATE dispute d SET borne_by = b.borne_by
  FROM (SELECT dispute_id, jsonb_object_agg(who, minor) AS borne_by
          FROM (SELECT split_part(e.idem_key, ':', 2) AS dispute_id, -sum(p.amount_minor) AS minor,
                       CASE WHEN a.kind = 'seller_payable' THEN split_part(a.owner, ':', 2) ELSE 'platform' END AS who
                  FROM ledger_entry e JOIN ledger_posting p ON p.entry_id = e.id
                  JOIN ledger_account a ON a.id = p.account_id AND a.kind IN ('seller_payable', 'write_off')
                 WHERE e.idem_key LIKE 'dispute:%' AND e.kind IN ('dispute_lost', 'dispute_charged')
                 GROUP BY 1, 3 HAVING sum(p.amount_minor) <> 0) s
         GROUP BY dispute_id) b
 WHERE b.dispute_id = d.id::text
"""


def upgrade() -> None:
    op.add_column("dispute", sa.Column("recorded_by", sa.Text))
    op.add_column("dispute", sa.Column("told_held_minor", sa.BigInteger, server_default="0", nullable=False))
    op.add_column("dispute", sa.Column("borne_by", JSONB, server_default="{}", nullable=False))
    op.execute("UPDATE dispute SET told_held_minor = held_minor")
    op.execute(_BORNE)
    op.create_index(
        "ix_dispute_unbooked", "dispute", ["told_at"], postgresql_where=sa.text("told_held_minor <> held_minor")
    )


def downgrade() -> None:
    op.drop_index("ix_dispute_unbooked", table_name="dispute")
    for name in ("borne_by", "told_held_minor", "recorded_by"):
        op.drop_column("dispute", name)
