"""What went wrong at gateways, how often an attempt was sent, and the regions of an account."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("payment_attempt", sa.Column("sends", sa.Integer, server_default=sa.text("0"), nullable=False))
    op.add_column(
        "gateway_account", sa.Column("countries", sa.ARRAY(sa.Text), server_default=sa.text("'{}'"), nullable=False)
    )
    op.create_table(
        "gateway_incident",
        sa.Column("id", sa.BigInteger, sa.Identity(always=True), nullable=False),
        sa.Column("gateway_account_id", sa.BigInteger, nullable=False),
        sa.Column("attempt_id", sa.Uuid),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("code", sa.Text),
        sa.Column("duration_ms", sa.Integer),
        sa.Column("next", sa.Text),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["gateway_account_id"], ["gateway_account.id"], name="fk_gateway_incident_gateway_account_id"
        ),
        sa.ForeignKeyConstraint(["attempt_id"], ["payment_attempt.id"], name="fk_gateway_incident_attempt_id"),
        sa.PrimaryKeyConstraint("id", name="pk_gateway_incident"),
    )
    op.create_index("ix_gateway_incident_at", "gateway_incident", [sa.text("at DESC"), sa.text("id DESC")])
    op.create_index("ix_gateway_incident_attempt_id", "gateway_incident", ["attempt_id"])
    # What happened stays as it was.
    op.execute("GRANT SELECT, INSERT ON gateway_incident TO portal_app")


def downgrade() -> None:
    op.drop_table("gateway_incident")
    op.drop_column("gateway_account", "countries")
    op.drop_column("payment_attempt", "sends")
