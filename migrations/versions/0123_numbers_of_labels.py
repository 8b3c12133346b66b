"""A label is found by its number alone, whichever carrier sold it."""

from __future__ import annotations

from alembic import op

revision = "0123"
down_revision = "0122"
branch_labels = None
depends_on = None

NUMBER = "ix_shipping_label_number"


def upgrade() -> None:
    # Built beside the running shop: nobody waits for it.
    with op.get_context().autocommit_block():
        op.create_index(NUMBER, "shipping_label", ["tracking_number"], postgresql_concurrently=True, if_not_exists=True)


def downgrade() -> None:
    op.drop_index(NUMBER, "shipping_label")
