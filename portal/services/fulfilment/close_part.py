"""A part that has arrived and cannot be sent back any more is closed: its seller's money becomes payable (ORD-09)."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.orm import Session

from portal.rules.permissions import SYSTEM
from portal.rules.states import MoveRefusedError
from portal.services.orders.part_holds import PartOnHoldError
from portal.services.orders.release_part import NotTakenError, RefundUnderWayError, release_part

# Its points have matured: the window of each of its lines is over, nothing is asked back, no bank disputes it.
_DUE = text(
    """
    SELECT p.id FROM order_part p
     WHERE p.status = 'delivered' AND p.mileage_matured_at IS NOT NULL
       AND NOT EXISTS (SELECT FROM order_hold h WHERE h.part_id = p.id AND h.released_at IS NULL)
       AND NOT EXISTS (SELECT FROM goods_return g WHERE g.part_id = p.id
                          AND g.status IN ('requested', 'approved', 'sent', 'received', 'inspected'))
       AND NOT EXISTS (SELECT FROM refund f WHERE f.order_id = p.order_id
                          AND f.status IN ('requested', 'approved', 'sent', 'unknown', 'failed'))
       AND NOT EXISTS (SELECT FROM tender t WHERE t.order_id = p.order_id
                          AND t.captured_minor + t.released_minor < t.amount_minor)
     ORDER BY p.mileage_matured_at LIMIT 100
    """
)


def parts_to_close(session: Session) -> list[uuid.UUID]:
    """Parts that nothing keeps open."""
    return list(session.scalars(_DUE))


def close_part(session: Session, *, part_id: uuid.UUID, now: datetime) -> bool:
    """Close a part and release its escrow; False when something came between, then it is tried again later."""
    try:
        release_part(session, part_id=part_id, actor=SYSTEM, now=now)
    except (MoveRefusedError, PartOnHoldError, RefundUnderWayError, NotTakenError):
        return False
    return True
