"""Goods that run low: their store is told once for each time that they fall to the mark it has set (ORD-10)."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.orm import Session

from portal.services.outbox import Event, emit

AT_ONCE = 500
NAMED_MAX = 20

# Rows that checkout has locked are left for the next look: nobody waits for a warning.
_LOW = text(
    """
    WITH low AS (
        SELECT s.variant_id FROM stock s
         WHERE s.alert_at IS NOT NULL AND s.low_since IS NULL AND s.place = 'main'
           AND s.on_hand - s.reserved - s.safety <= s.alert_at
         ORDER BY s.variant_id LIMIT :limit FOR UPDATE SKIP LOCKED
    )
    UPDATE stock s SET low_since = :now FROM low, variant v, product p
     WHERE s.variant_id = low.variant_id AND s.place = 'main' AND v.id = low.variant_id AND p.id = v.product_id
    RETURNING p.store_id, v.sku, p.name, greatest(s.on_hand - s.reserved - s.safety, 0) AS free
    """
)
_BACK = text(
    """
    WITH back AS (
        SELECT s.variant_id FROM stock s
         WHERE s.low_since IS NOT NULL AND s.place = 'main'
           AND (s.alert_at IS NULL OR s.on_hand - s.reserved - s.safety > s.alert_at)
         ORDER BY s.variant_id LIMIT :limit FOR UPDATE SKIP LOCKED
    )
    UPDATE stock s SET low_since = NULL FROM back WHERE s.variant_id = back.variant_id AND s.place = 'main'
    """
)


def watch_stock(session: Session, *, now: datetime) -> int:
    """Note what runs low and what is there again, with one event for each store. Returns how many run low."""
    session.execute(_BACK, {"limit": AT_ONCE})
    rows = session.execute(_LOW, {"limit": AT_ONCE, "now": now}).all()
    stores = defaultdict(list)
    for row in sorted(rows, key=lambda row: (row.store_id, row.sku)):
        stores[row.store_id].append({"sku": row.sku, "name": row.name, "free": row.free})
    events = [
        Event("stock.low", f"store:{store_id}", {"store": store_id, "count": len(goods), "goods": goods[:NAMED_MAX]})
        for store_id, goods in stores.items()
    ]
    emit(session, *events, now=now)
    return len(rows)
