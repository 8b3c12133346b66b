"""Which model of the mall's own decisions is champion, and which is tried beside it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0056"
down_revision = "0055"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "fraud_model_place",
        sa.Column("id", sa.BigInteger, sa.Identity(always=True), nullable=False),
        sa.Column("place", sa.Text, nullable=False),
        sa.Column("model_id", sa.BigInteger),
        sa.Column("placed_by", sa.Uuid),
        sa.Column("placed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.CheckConstraint("place IN ('champion', 'challenger')", name=op.f("ck_fraud_model_place_place")),
        sa.ForeignKeyConstraint(["model_id"], ["fraud_model.id"], name="fk_fraud_model_place_model_id"),
        sa.ForeignKeyConstraint(["placed_by"], ["user_account.id"], name="fk_fraud_model_place_placed_by"),
        sa.PrimaryKeyConstraint("id", name="pk_fraud_model_place"),
    )
    # Which model decided when stays as it was.
    op.execute("GRANT SELECT, INSERT ON fraud_model_place TO portal_app")


def downgrade() -> None:
    op.drop_table("fraud_model_place")
