"""A store may keep a fee of goods that come back by their buyer's own choice."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0109"
down_revision = "0108"
branch_labels = None
depends_on = None

_HELD = "held_minor >= 0 AND refunded_minor + held_minor"


def upgrade() -> None:
    op.add_column("refund_rule", sa.Column("restocking_basis_points", sa.Integer))
    op.create_check_constraint(
        op.f("ck_refund_rule_restocking"), "refund_rule", "restocking_basis_points BETWEEN 0 AND 10000"
    )
    for table in ("tender_share", "refund_line"):
        op.add_column(table, sa.Column("restocking_minor", sa.BigInteger, nullable=False, server_default=sa.text("0")))
    _check(f"restocking_minor >= 0 AND {_HELD} + restocking_minor <= amount_minor")


def downgrade() -> None:
    _check(f"{_HELD} <= amount_minor")
    for table in ("refund_line", "tender_share"):
        op.drop_column(table, "restocking_minor")
    op.drop_constraint(op.f("ck_refund_rule_restocking"), "refund_rule")
    op.drop_column("refund_rule", "restocking_basis_points")


def _check(condition: str) -> None:
    op.drop_constraint(op.f("ck_tender_share_held"), "tender_share")
    op.execute(f"ALTER TABLE tender_share ADD CONSTRAINT ck_tender_share_held CHECK ({condition}) NOT VALID")
    op.execute("ALTER TABLE tender_share VALIDATE CONSTRAINT ck_tender_share_held")
