"""Units of returns leave and reach the shelf, each once for each reason: the database refuses a second (ORD-14)."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime
from typing import Literal

from sqlalchemy import text
from sqlalchemy.orm import Session

from portal.queries.sellable import sellable
from portal.services.stock.reserve_stock import PLACE, OutOfStockError

# What goes out in exchange, that it was not needed after all, and what came back and can be sold.
Reason = Literal["exchanged", "exchange_undone", "returned"]

# Which variant of a unit moves: what goes out for it, or what was bought.
_UNITS = """
    WITH w AS (
        SELECT u.id, u.line_id, CASE WHEN :reason = 'returned' THEN l.variant_id ELSE u.variant_id END AS variant_id
          FROM return_unit u JOIN order_line l ON l.id = u.line_id WHERE u.id = ANY(:ids)
    )
"""
_CHANNEL = """(SELECT o.channel_id FROM w JOIN order_line l ON l.id = w.line_id JOIN orders o ON o.id = l.order_id
                LIMIT 1)"""
_LOCK = text(
    f"""{_UNITS}
    SELECT s.variant_id, v.sku, greatest({sellable("s", _CHANNEL)}, 0) AS available,
           (SELECT count(*) FROM w WHERE w.variant_id = s.variant_id) AS wanted
      FROM stock s JOIN variant v ON v.id = s.variant_id
     WHERE s.variant_id IN (SELECT variant_id FROM w) AND s.place = :place ORDER BY s.variant_id FOR UPDATE OF s
    """  # noqa: S608  # Our own fragment.
)
_MOVE = text(
    f"""{_UNITS}
    , moved AS (
        INSERT INTO stock_move (variant_id, place, delta, reason, order_line_id, return_unit_id, at)
        SELECT variant_id, :place, :delta, :reason, line_id, id, :now FROM w
    )
    UPDATE stock SET on_hand = stock.on_hand + :delta * t.units, version = stock.version + 1
      FROM (SELECT variant_id, count(*)::integer AS units FROM w GROUP BY variant_id) t
     WHERE stock.variant_id = t.variant_id AND stock.place = :place
    """  # noqa: S608  # Our own fragment.
)


def move_return_units(session: Session, *, unit_ids: Sequence[uuid.UUID], reason: Reason, now: datetime) -> None:
    """Move these units' goods. What goes out must be there: raises OutOfStockError, and nothing was moved."""
    if not unit_ids:
        return
    values = {"ids": list(unit_ids), "reason": reason, "place": PLACE}
    for row in session.execute(_LOCK, values).all():
        if reason == "exchanged" and row.available < row.wanted:
            raise OutOfStockError(sku=row.sku, available=row.available)
    session.execute(_MOVE, {**values, "delta": -1 if reason == "exchanged" else 1, "now": now})
