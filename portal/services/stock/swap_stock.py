"""A line takes another option: its pieces go back on the shelf, and as many of the other leave it (ORD-06, ORD-14)."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.orm import Session

from portal.queries.sellable import sellable
from portal.services.stock.reserve_stock import PLACE, OutOfStockError

_CHANNEL = "(SELECT o.channel_id FROM order_line l JOIN orders o ON o.id = l.order_id WHERE l.id = :line_id)"
# Rows are locked in the order of their ids, as checkout does.
_LOCK = text(
    f"""
    SELECT s.variant_id, v.sku, greatest({sellable("s", _CHANNEL)}, 0) AS available
      FROM stock s JOIN variant v ON v.id = s.variant_id
     WHERE s.variant_id IN (:old, :new) AND s.place = :place ORDER BY s.variant_id FOR UPDATE OF s
    """  # noqa: S608  # Our own fragments.
)
_SWAP = text(
    """
    WITH w AS (
        SELECT * FROM (VALUES (CAST(:old AS bigint), CAST(:units AS integer)), (:new, -:units)) AS w (id, delta)
    ),
    moved AS (
        INSERT INTO stock_move (variant_id, place, delta, reason, order_line_id, at, made_by)
        SELECT id, :place, delta, 'swapped', :line_id, :now, :by FROM w
    )
    UPDATE stock SET on_hand = stock.on_hand + w.delta, version = stock.version + 1
      FROM w WHERE stock.variant_id = w.id AND stock.place = :place
    """
)


def swap_stock(
    session: Session,
    *,
    line_id: uuid.UUID,
    old_variant: int,
    new_variant: int,
    units: int,
    by: str,
    now: datetime,
) -> None:
    """Raises OutOfStockError when fewer than `units` of the new one are left; then nothing was moved."""
    values = {"old": old_variant, "new": new_variant, "place": PLACE, "line_id": line_id}
    found = {row.variant_id: row for row in session.execute(_LOCK, values)}
    new = found.get(new_variant)
    if new is None or new.available < units:
        raise OutOfStockError(sku=new.sku if new else str(new_variant), available=new.available if new else 0)
    session.execute(_SWAP, {**values, "units": units, "now": now, "by": by})
