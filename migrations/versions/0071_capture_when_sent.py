"""Cards may be taken when a parcel is sent: until then an amount is held, and the hold has an end."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0071"
down_revision = "0070"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for table in ("gateway_account", "payment"):
        op.add_column(table, sa.Column("capture_on", sa.Text(), server_default="checkout", nullable=False))
        op.execute(
            f"ALTER TABLE {table} ADD CONSTRAINT ck_{table}_capture_on"
            " CHECK (capture_on IN ('checkout', 'shipment', 'shipment_or_end')) NOT VALID"
        )
        op.execute(f"ALTER TABLE {table} VALIDATE CONSTRAINT ck_{table}_capture_on")
    op.add_column("payment", sa.Column("held_until", sa.TIMESTAMP(timezone=True)))
    op.add_column("payment", sa.Column("end_told_at", sa.TIMESTAMP(timezone=True)))
    op.add_column("payment_attempt", sa.Column("capture_minor", sa.BigInteger()))
    op.create_index(
        "ix_payment_held_until", "payment", ["held_until"], postgresql_where=sa.text("status = 'authorised'")
    )


def downgrade() -> None:
    op.drop_index("ix_payment_held_until", "payment")
    op.drop_column("payment_attempt", "capture_minor")
    op.drop_column("payment", "end_told_at")
    op.drop_column("payment", "held_until")
    for table in ("payment", "gateway_account"):
        op.drop_column(table, "capture_on")
