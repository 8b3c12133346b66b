"""Orders of a store can be sorted by amount, whatever the currencies of its channels."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from portal.kit.currency import exponent

revision = "0112"
down_revision = "0111"
branch_labels = None
depends_on = None

INDEX = "ix_order_part_store_amount"
# As amounts are exchanged everywhere: by the rate that the order has kept, in minor units, half away from zero.
FILL = """
    UPDATE order_part p SET platform_minor = round(p.payable_minor * o.fx_rate * power(10::numeric, CAST(:places AS numeric)))
      FROM orders o WHERE o.id = p.order_id AND o.currency = :source AND o.platform_currency = :target
"""


def upgrade() -> None:
    op.add_column("order_part", sa.Column("platform_minor", sa.BigInteger))
    pairs = "SELECT DISTINCT currency, platform_currency FROM orders WHERE platform_currency IS NOT NULL"
    for source, target in op.get_bind().execute(sa.text(pairs)).all():
        values = {"source": source, "target": target, "places": exponent(target) - exponent(source)}
        op.get_bind().execute(sa.text(FILL), values)
    # Built beside the running shop: nobody waits for it.
    with op.get_context().autocommit_block():
        op.create_index(
            INDEX,
            "order_part",
            [sa.text(column) for column in ("store_id", "coalesce(platform_minor, payable_minor) DESC", "id DESC")],
            postgresql_concurrently=True,
            if_not_exists=True,
        )


def downgrade() -> None:
    op.drop_index(INDEX, "order_part")
    op.drop_column("order_part", "platform_minor")
