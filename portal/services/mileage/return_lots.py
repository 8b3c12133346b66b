"""Spent points go back to the lots they came from, each with its own expiry or a grace (REF-02)."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.orm import Session

from portal.rules.mileage import GRACE, LotUse, give_back

_USES = text(
    """
    SELECT u.lot_id, u.points, u.returned FROM mileage_lot_use u
     WHERE u.tender_id = :tender_id ORDER BY u.id FOR UPDATE
    """
)
_RETURN = text(
    """
    WITH w AS (
        SELECT * FROM unnest(CAST(:lots AS bigint[]), CAST(:points AS bigint[])) AS w (lot_id, points)
    ), noted AS (
        UPDATE mileage_lot_use u SET returned = u.returned + w.points
          FROM w WHERE u.tender_id = :tender_id AND u.lot_id = w.lot_id
    )
    UPDATE mileage_lot l SET remaining = l.remaining + w.points, expires_at = greatest(l.expires_at, :not_before)
      FROM w WHERE l.id = w.lot_id
    """
)


def return_lots(session: Session, *, tender_id: uuid.UUID, points: int, now: datetime) -> None:
    """Put `points` of a tender back. The caller has locked the account's row by moving its balance."""
    if not points:
        return
    uses = [LotUse(row.lot_id, row.points, row.returned) for row in session.execute(_USES, {"tender_id": tender_id})]
    moves = give_back(uses, points)
    session.execute(
        _RETURN,
        {
            "tender_id": tender_id,
            "lots": [move.lot_id for move in moves],
            "points": [move.points for move in moves],
            "not_before": now + GRACE,
        },
    )
