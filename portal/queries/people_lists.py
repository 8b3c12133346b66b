"""People by what they bought: the segments to which a coupon can be given at once (CPN-02)."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import text
from sqlalchemy.orm import Session

RECENT = timedelta(days=90)


class Segment(StrEnum):
    """Who is meant; within a store, its buyers only."""

    BUYERS = "buyers"
    RECENT = "recent"
    LAPSED = "lapsed"
    NEWCOMERS = "newcomers"


_PEOPLE = text(
    """
    SELECT u.id
      FROM user_account u
      LEFT JOIN LATERAL (SELECT max(o.paid_at) AS last_paid_at FROM orders o
                          WHERE o.buyer_id = u.id AND o.paid_at IS NOT NULL
                            AND (CAST(:store_id AS bigint) IS NULL OR EXISTS (
                                SELECT FROM order_part p WHERE p.order_id = o.id AND p.store_id = :store_id))) b ON true
     WHERE u.state = 'active' AND 'buyer' = ANY(u.roles)
       AND CASE CAST(:segment AS text)
               WHEN 'buyers' THEN b.last_paid_at IS NOT NULL
               WHEN 'recent' THEN b.last_paid_at >= :since
               WHEN 'lapsed' THEN b.last_paid_at < :since
               ELSE b.last_paid_at IS NULL AND CAST(:store_id AS bigint) IS NULL END
     ORDER BY u.id LIMIT :limit
    """
)


def people_of(
    session: Session, *, segment: Segment, store_id: int | None, limit: int, now: datetime
) -> list[uuid.UUID]:
    """The people of a segment, at most `limit`. A store has no newcomers: it knows only who bought from it."""
    values = {"segment": segment.value, "store_id": store_id, "since": now - RECENT, "limit": limit}
    return list(session.scalars(_PEOPLE, values))
