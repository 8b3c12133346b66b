"""Units that were sold and never sent go back on the shelf, each once (ORD-14)."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.orm import Session

_PUT_BACK = text(
    """
    WITH w AS (
        SELECT l.id AS line_id, l.variant_id, w.quantity
          FROM unnest(CAST(:lines AS uuid[]), CAST(:quantities AS integer[])) AS w (line_id, quantity)
          JOIN order_line l ON l.id = w.line_id
    ), locked AS (
        SELECT s.variant_id FROM stock s
         WHERE s.variant_id IN (SELECT variant_id FROM w) AND s.place = 'main' ORDER BY s.variant_id FOR UPDATE OF s
    ), freed AS (
        UPDATE stock SET on_hand = stock.on_hand + t.quantity, version = stock.version + 1
          FROM (SELECT variant_id, sum(quantity)::integer AS quantity FROM w GROUP BY variant_id) t
          JOIN locked USING (variant_id)
         WHERE stock.variant_id = t.variant_id AND stock.place = 'main'
    )
    INSERT INTO stock_move (variant_id, place, delta, reason, order_line_id, at)
    SELECT w.variant_id, 'main', w.quantity, 'cancelled', w.line_id, :now FROM w JOIN locked USING (variant_id)
    """
)


def put_back(session: Session, *, units: Mapping[uuid.UUID, int], now: datetime) -> None:
    """Put units of lines back. The caller counts each unit of a line at most once, under the order's lock."""
    if units:
        values = {"lines": list(units), "quantities": list(units.values()), "now": now}
        session.execute(_PUT_BACK, values)
