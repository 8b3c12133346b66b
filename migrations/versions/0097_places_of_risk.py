"""Where IP addresses are, which belong to data centres, and how older orders of stores and coupons turned out."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import INET, JSONB

revision = "0097"
down_revision = "0096"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("risk_decision", sa.Column("place", JSONB))
    # Never filled: a card is known only once its gateway tells, and is found by its attempts.
    op.drop_index("ix_risk_decision_card_index", "risk_decision")
    op.drop_column("risk_decision", "card_index")
    op.create_table(
        "ip_table",
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("sha256", sa.Text, nullable=False),
        sa.Column("ranges", sa.Integer, nullable=False),
        sa.Column("loaded_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("kind IN ('place', 'datacenter')", name=op.f("ck_ip_table_kind")),
        sa.PrimaryKeyConstraint("kind", name="pk_ip_table"),
    )
    op.create_table(
        "ip_range",
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("first_ip", INET, nullable=False),
        sa.Column("last_ip", INET, nullable=False),
        sa.Column("country", sa.Text),
        sa.Column("city", sa.Text),
        sa.Column("latitude", sa.SmallInteger),
        sa.Column("longitude", sa.SmallInteger),
        sa.CheckConstraint(
            "first_ip <= last_ip AND family(first_ip) = family(last_ip)", name=op.f("ck_ip_range_order")
        ),
        sa.CheckConstraint("(country IS NULL) = (kind = 'datacenter')", name=op.f("ck_ip_range_place")),
        sa.PrimaryKeyConstraint("kind", "first_ip", name="pk_ip_range"),
    )
    op.create_table(
        "risk_share",
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("ref", sa.BigInteger, autoincrement=False, nullable=False),
        sa.Column("orders", sa.Integer, nullable=False),
        sa.Column("frauds", sa.Integer, nullable=False),
        sa.CheckConstraint("kind IN ('store', 'campaign')", name=op.f("ck_risk_share_kind")),
        sa.CheckConstraint("frauds BETWEEN 0 AND orders", name=op.f("ck_risk_share_frauds")),
        sa.PrimaryKeyConstraint("kind", "ref", name="pk_risk_share"),
    )
    op.create_index(
        "ix_risk_case_decided_at", "risk_case", ["decided_at"], postgresql_where=sa.text("decided_at IS NOT NULL")
    )
    op.execute("GRANT SELECT, INSERT, UPDATE ON ip_table TO portal_app")
    op.execute("GRANT SELECT, INSERT, DELETE ON ip_range, risk_share TO portal_app")


def downgrade() -> None:
    op.drop_index("ix_risk_case_decided_at", "risk_case")
    for name in ("risk_share", "ip_range", "ip_table"):
        op.drop_table(name)
    op.add_column("risk_decision", sa.Column("card_index", sa.LargeBinary))
    where = sa.text("card_index IS NOT NULL")
    op.create_index(
        "ix_risk_decision_card_index", "risk_decision", ["card_index", "decided_at"], postgresql_where=where
    )
    op.drop_column("risk_decision", "place")
