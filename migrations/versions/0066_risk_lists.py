"""Lists of risk with what stands on them, networks too, and who put it there."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import CIDR

revision = "0066"
down_revision = "0065"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("risk_list_entry", sa.Column("value", sa.LargeBinary))
    op.add_column("risk_list_entry", sa.Column("network", CIDR))
    op.add_column("risk_list_entry", sa.Column("removed_by", sa.Text))
    op.create_check_constraint(
        op.f("ck_risk_list_entry_kind"),
        "risk_list_entry",
        "kind IN ('user', 'email', 'card', 'device', 'ip', 'network')",
    )
    op.create_check_constraint(
        op.f("ck_risk_list_entry_network"), "risk_list_entry", "(kind = 'network') = (network IS NOT NULL)"
    )
    op.create_index(
        "ix_risk_list_entry_network",
        "risk_list_entry",
        ["network"],
        postgresql_using="gist",
        postgresql_ops={"network": "inet_ops"},
        postgresql_where=sa.text("removed_at IS NULL AND network IS NOT NULL"),
    )


def downgrade() -> None:
    op.drop_index("ix_risk_list_entry_network", "risk_list_entry")
    op.drop_constraint(op.f("ck_risk_list_entry_network"), "risk_list_entry")
    op.drop_constraint(op.f("ck_risk_list_entry_kind"), "risk_list_entry")
    for name in ("removed_by", "network", "value"):
        op.drop_column("risk_list_entry", name)
