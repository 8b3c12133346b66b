"""Scores of customers, the models they come from, and up to where they are true."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0079"
down_revision = "0078"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "score_version",
        sa.Column("version", sa.BigInteger, sa.Identity(always=True), nullable=False),
        sa.Column("model", JSONB, nullable=False),
        sa.Column("customers", sa.Integer, nullable=False),
        sa.Column("currency", sa.Text, nullable=False),
        sa.Column("reason", sa.Text),
        sa.Column("fitted_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("version", name="pk_score_version"),
    )
    op.create_table(
        "score_state",
        sa.Column("id", sa.BigInteger, nullable=False),
        sa.Column("transition_id", sa.BigInteger, nullable=False, server_default=sa.text("0")),
        sa.Column("scored_at", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("id", name="pk_score_state"),
        sa.CheckConstraint("id = 1", name=op.f("ck_score_state_one")),
    )
    op.create_table(
        "customer_score",
        sa.Column(
            "user_id", sa.Uuid, sa.ForeignKey("user_account.id", name="fk_customer_score_user_id"), nullable=False
        ),
        sa.Column(
            "version",
            sa.BigInteger,
            sa.ForeignKey("score_version.version", name="fk_customer_score_version"),
            nullable=False,
        ),
        sa.Column("scored_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("currency", sa.Text, nullable=False),
        sa.Column("purchases", sa.Integer, nullable=False),
        sa.Column("first_on", sa.Date, nullable=False),
        sa.Column("last_on", sa.Date, nullable=False),
        sa.Column("spent_minor", sa.BigInteger, nullable=False),
        sa.Column("recency", sa.Integer, nullable=False),
        sa.Column("frequency", sa.Integer, nullable=False),
        sa.Column("money", sa.Integer, nullable=False),
        sa.Column("expected_milli", sa.BigInteger),
        sa.Column("expected_minor", sa.BigInteger),
        sa.Column("churn_bp", sa.Integer),
        sa.Column("response_bp", sa.Integer),
        sa.PrimaryKeyConstraint("user_id", name="pk_customer_score"),
        sa.CheckConstraint("purchases > 0 AND last_on >= first_on", name=op.f("ck_customer_score_purchases")),
        sa.CheckConstraint(
            "recency BETWEEN 1 AND 5 AND frequency BETWEEN 1 AND 5 AND money BETWEEN 1 AND 5",
            name=op.f("ck_customer_score_classes"),
        ),
        sa.CheckConstraint(
            "churn_bp BETWEEN 0 AND 10000 AND response_bp BETWEEN -10000 AND 10000",
            name=op.f("ck_customer_score_shares"),
        ),
    )
    op.create_index("ix_customer_score_version", "customer_score", ["version"])
    op.execute("GRANT SELECT, INSERT ON score_version TO portal_app")
    op.execute("GRANT SELECT, INSERT, UPDATE ON score_state TO portal_app")
    op.execute("GRANT SELECT, INSERT, UPDATE, DELETE ON customer_score TO portal_app")


def downgrade() -> None:
    for name in ("customer_score", "score_state", "score_version"):
        op.drop_table(name)
