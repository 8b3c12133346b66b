"""End what was kept for an order: taken when it is paid, given back when it is not."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.orm import Session

# Each line is sold once: the unique index on sales refuses a second time. A channel gets its own units back, but never
# more than its store said last: what an order held since before that is everybody's.
_END = text(
    """
    WITH kept AS (
        UPDATE reservation SET status = :status WHERE order_id = :order_id AND status = 'active'
        RETURNING variant_id, quantity, set_aside
    ), w AS (
        SELECT variant_id, sum(quantity)::integer AS quantity, sum(set_aside)::integer AS own
          FROM kept GROUP BY variant_id
    ), locked AS (
        SELECT s.variant_id FROM stock s JOIN w USING (variant_id)
         WHERE s.place = 'main' ORDER BY s.variant_id FOR UPDATE OF s
    ), freed AS (
        UPDATE stock SET reserved = stock.reserved - w.quantity,
                         on_hand = stock.on_hand - CASE WHEN :taken THEN w.quantity ELSE 0 END,
                         version = stock.version + CASE WHEN :taken THEN 1 ELSE 0 END,
                         set_aside = CASE WHEN :taken OR w.own = 0 OR stock.set_aside IS NULL THEN stock.set_aside
                             ELSE jsonb_set(stock.set_aside, ARRAY[channel.id, 'kept'], to_jsonb(least(
                                 coalesce((stock.set_aside -> channel.id ->> 'kept')::integer, 0) + w.own,
                                 (stock.set_aside -> channel.id ->> 'said')::integer))) END
          FROM w JOIN locked USING (variant_id)
          CROSS JOIN (SELECT channel_id::text AS id FROM orders WHERE id = :order_id) channel
         WHERE stock.variant_id = w.variant_id AND stock.place = 'main'
    )
    INSERT INTO stock_move (variant_id, place, delta, reason, order_line_id, at)
    SELECT variant_id, 'main', -quantity, 'sale', id, :now FROM order_line
     WHERE :taken AND order_id = :order_id AND EXISTS (SELECT FROM kept)
    """
)


def take_stock(session: Session, *, order_id: uuid.UUID, now: datetime) -> None:
    """Take the kept units off the shelf. A second call finds nothing."""
    session.execute(_END, {"order_id": order_id, "status": "used", "taken": True, "now": now})


def release_stock(session: Session, *, order_id: uuid.UUID, now: datetime, status: str = "released") -> None:
    """Give the kept units back. A second call finds nothing."""
    session.execute(_END, {"order_id": order_id, "status": status, "taken": False, "now": now})
