"""What a refund asks back of a discount, beside the shares that were fixed when the order was paid."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0051"
down_revision = "0050"
branch_labels = None
depends_on = None

COLUMNS = (
    ("tender_share", "held_minor"),
    ("discount_share", "asked_minor"),
    ("discount_share", "asked_platform_minor"),
)
CHECKS = (
    ("tender_share", "held", "held_minor >= 0 AND refunded_minor + held_minor <= amount_minor"),
    (
        "discount_share",
        "asked",
        "asked_minor BETWEEN 0 AND amount_minor AND asked_platform_minor BETWEEN 0 AND asked_minor",
    ),
)


def upgrade() -> None:
    for table, name in COLUMNS:
        op.add_column(table, sa.Column(name, sa.BigInteger, server_default=sa.text("0"), nullable=False))
    for table, name, check in CHECKS:
        op.create_check_constraint(op.f(f"ck_{table}_{name}"), table, check)


def downgrade() -> None:
    for table, name, _ in CHECKS:
        op.drop_constraint(op.f(f"ck_{table}_{name}"), table)
    for table, name in reversed(COLUMNS):
        op.drop_column(table, name)
