"""Rules of refunds and returns hold from a moment on, and say which reasons need pictures."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0093"
down_revision = "0092"
branch_labels = None
depends_on = None

AT = sa.DateTime(timezone=True)
CHECKS = (
    ("window_days", "window_days BETWEEN 0 AND 365"),
    ("way_back", "way_back IN ('buyer', 'store')"),
    ("withdrawn_by", "(withdrawn_at IS NULL) = (withdrawn_by IS NULL)"),
)
PEOPLE = ("set_by", "withdrawn_by")
ADDED = ("picture_reasons", "valid_from", "note", "set_by", "set_at", "withdrawn_by", "withdrawn_at")


def upgrade() -> None:
    op.add_column("refund_rule", sa.Column("picture_reasons", JSONB))
    op.add_column(
        "refund_rule",
        sa.Column("valid_from", AT, nullable=False, server_default=sa.text("'2000-01-01 00:00:00+00'")),
    )
    op.add_column("refund_rule", sa.Column("note", sa.Text, nullable=False, server_default=""))
    op.add_column("refund_rule", sa.Column("set_by", sa.Uuid))
    op.add_column("refund_rule", sa.Column("set_at", AT))
    op.add_column("refund_rule", sa.Column("withdrawn_by", sa.Uuid))
    op.add_column("refund_rule", sa.Column("withdrawn_at", AT))
    for name in PEOPLE:
        op.create_foreign_key(op.f(f"fk_refund_rule_{name}"), "refund_rule", "user_account", [name], ["id"])
    for name, check in CHECKS:
        op.create_check_constraint(op.f(f"ck_refund_rule_{name}"), "refund_rule", check)
    op.drop_constraint(op.f("uq_refund_rule_channel_id_section_id"), "refund_rule")
    op.create_index(
        "uq_refund_rule_moment",
        "refund_rule",
        [sa.text("coalesce(channel_id, 0)"), sa.text("coalesce(section_id, 0)"), "valid_from"],
        unique=True,
        postgresql_where=sa.text("withdrawn_at IS NULL"),
    )


def downgrade() -> None:
    op.drop_index("uq_refund_rule_moment", "refund_rule")
    # Without moments a place has one rule: the one in force.
    op.execute(
        "DELETE FROM refund_rule r WHERE withdrawn_at IS NOT NULL OR valid_from > now() OR EXISTS ("
        "SELECT FROM refund_rule n WHERE n.withdrawn_at IS NULL AND n.valid_from > r.valid_from"
        " AND n.valid_from <= now() AND n.channel_id IS NOT DISTINCT FROM r.channel_id"
        " AND n.section_id IS NOT DISTINCT FROM r.section_id)"
    )
    for name, _ in CHECKS:
        op.drop_constraint(op.f(f"ck_refund_rule_{name}"), "refund_rule")
    for name in ADDED:
        op.drop_column("refund_rule", name)
    op.create_unique_constraint(
        op.f("uq_refund_rule_channel_id_section_id"), "refund_rule", ["channel_id", "section_id"]
    )
