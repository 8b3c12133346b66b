"""Keep units for an order: the last statement of placing it, because here many orders wait for one row."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.orm import Session

from portal.kit.errors import PortalError
from portal.kit.ids import new_id
from portal.kit.text import N_
from portal.queries.sellable import sellable

PLACE = "main"


class OutOfStockError(PortalError):
    """Fewer units are left than the order wants."""

    code = "out_of_stock"
    status = 409
    sentence = N_("Of %(sku)s only %(available)s are left. Change the quantity; nothing was charged.")


# Units of its own go first; they are counted in the row that is locked, so that the last piece is sold once.
_RESERVE = text(
    f"""
    WITH w AS (
        SELECT * FROM unnest(CAST(:ids AS uuid[]), CAST(:variants AS bigint[]), CAST(:quantities AS integer[]))
                      AS w (id, variant_id, quantity)
    ), locked AS (
        SELECT s.variant_id, {sellable("s", ":channel_id")} AS available,
               coalesce((s.set_aside -> CAST(:channel AS text) ->> 'kept')::integer, 0) AS own FROM stock s
         WHERE s.variant_id = ANY(CAST(:variants AS bigint[])) AND s.place = :place
         ORDER BY s.variant_id FOR UPDATE OF s
    ), missing AS (
        SELECT variant_id, greatest(coalesce(available, 0), 0) AS available
          FROM w LEFT JOIN locked USING (variant_id) WHERE available IS NULL OR available < quantity
    ), kept AS (
        UPDATE stock SET reserved = stock.reserved + w.quantity,
               set_aside = CASE WHEN locked.own = 0 THEN stock.set_aside
                   ELSE jsonb_set(stock.set_aside, ARRAY[CAST(:channel AS text), 'kept'],
                                  to_jsonb(greatest(locked.own - w.quantity, 0))) END
          FROM w JOIN locked USING (variant_id)
         WHERE stock.variant_id = w.variant_id AND stock.place = :place AND NOT EXISTS (SELECT FROM missing)
    ), written AS (
        INSERT INTO reservation (id, order_id, variant_id, place, quantity, set_aside, expires_at)
        SELECT id, :order_id, variant_id, :place, quantity, least(own, quantity), :expires_at
          FROM w JOIN locked USING (variant_id) WHERE NOT EXISTS (SELECT FROM missing)
    )
    SELECT missing.available, v.sku FROM missing JOIN variant v ON v.id = missing.variant_id
     ORDER BY missing.variant_id LIMIT 1
    """  # noqa: S608  # Our own fragment.
)


def reserve_stock(
    session: Session, *, order_id: uuid.UUID, channel_id: int, quantities: Mapping[int, int], expires_at: datetime
) -> None:
    """Keep `quantities` (by variant, summed over lines) until `expires_at`, all or none.

    Units that are set aside for the order's channel go first; those of other channels are not touched.

    Rows are locked in the order of their ids, so that orders with crossing goods do not deadlock.
    Raises OutOfStockError for the first variant that is short.
    """
    variants = sorted(quantities)
    missing = session.execute(
        _RESERVE,
        {
            "ids": [new_id() for _ in variants],
            "variants": variants,
            "quantities": [quantities[one] for one in variants],
            "place": PLACE,
            "order_id": order_id,
            "channel_id": channel_id,
            "channel": str(channel_id),
            "expires_at": expires_at,
        },
    ).one_or_none()
    if missing is not None:
        raise OutOfStockError(sku=missing.sku, available=missing.available)
