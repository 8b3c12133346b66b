"""Which tracking numbers stand on parcels to somebody else (ORD-003)."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import text
from sqlalchemy.orm import Session

from portal.models import Shipment, ShippingLabel
from portal.rules.carriers import CARRIERS

# What a number stands on: a parcel, or before it is handed over its label. Each is looked through by its own index.
NUMBERED: Final = (Shipment, ShippingLabel)
# Carriers give a number again after some months.
RECENT: Final = timedelta(days=90)

# Two orders of one buyer may share a box; what a store brings itself it numbers as it likes.
_TAKEN = text(
    """
    SELECT w.part_id, w.number
      FROM unnest(CAST(:parts AS uuid[]), CAST(:carriers AS text[]), CAST(:numbers AS text[]))
           AS w (part_id, carrier, number)
      JOIN order_part p ON p.id = w.part_id JOIN orders mine ON mine.id = p.order_id
     WHERE EXISTS (SELECT FROM shipment s JOIN orders o ON o.id = s.order_id
                    WHERE s.tracking_number = w.number AND s.carrier = w.carrier
                      AND o.buyer_id <> mine.buyer_id AND s.shipped_at > :since)
    """
)


def taken_numbers(
    session: Session, wanted: Collection[tuple[uuid.UUID, str, str]], *, now: datetime
) -> set[tuple[uuid.UUID, str]]:
    """Of parts with carrier and number, those whose number is on a recent parcel to another buyer."""
    asked = [one for one in wanted if CARRIERS[one[1]].is_tracked]
    if not asked:
        return set()
    parts, carriers, numbers = zip(*asked, strict=True)
    values = {"parts": list(parts), "carriers": list(carriers), "numbers": list(numbers), "since": now - RECENT}
    return {(row.part_id, row.number) for row in session.execute(_TAKEN, values)}
