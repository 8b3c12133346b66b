"""A key can be exchanged: for a while the one before it opens the same doors."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0096"
down_revision = "0095"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("api_client", sa.Column("previous_hash", sa.LargeBinary))
    op.add_column("api_client", sa.Column("previous_until", sa.DateTime(timezone=True)))
    op.create_unique_constraint(op.f("uq_api_client_previous_hash"), "api_client", ["previous_hash"])
    op.create_check_constraint(
        op.f("ck_api_client_previous"), "api_client", "(previous_hash IS NULL) = (previous_until IS NULL)"
    )


def downgrade() -> None:
    op.drop_constraint(op.f("ck_api_client_previous"), "api_client")
    op.drop_constraint(op.f("uq_api_client_previous_hash"), "api_client")
    op.drop_column("api_client", "previous_until")
    op.drop_column("api_client", "previous_hash")
