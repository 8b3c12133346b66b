"""Rules of borders may say a rate of duty, and records what was expected of it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0115"
down_revision = "0114"
branch_labels = None
depends_on = None

BEFORE = {
    "kind": "kind IN ('delivers', 'barred', 'value_max', 'code_above', 'duty_free', 'data_stays')",
    "goods": "kind = 'barred' OR num_nonnulls(section_id, customs_code) = 0",
}
AFTER = {
    "kind": "kind IN ('delivers', 'barred', 'value_max', 'code_above', 'duty_free', 'duty_rate', 'data_stays')",
    "goods": "kind IN ('barred', 'duty_rate') OR num_nonnulls(section_id, customs_code) = 0",
}
RATE = "(kind = 'duty_rate') = (rate_basis_points IS NOT NULL) AND rate_basis_points BETWEEN 0 AND 200000"


def _check(conditions: dict[str, str]) -> None:
    for name, condition in conditions.items():
        op.drop_constraint(op.f(f"ck_border_rule_{name}"), "border_rule")
        op.create_check_constraint(op.f(f"ck_border_rule_{name}"), "border_rule", condition)


def upgrade() -> None:
    op.add_column("border_rule", sa.Column("rate_basis_points", sa.BigInteger))
    _check(AFTER)
    op.create_check_constraint(op.f("ck_border_rule_rate_basis_points"), "border_rule", RATE)
    op.add_column("border_record", sa.Column("duty_minor", sa.BigInteger))


def downgrade() -> None:
    op.drop_column("border_record", "duty_minor")
    op.execute("DELETE FROM border_rule WHERE kind = 'duty_rate'")
    op.drop_column("border_rule", "rate_basis_points")
    _check(BEFORE)
