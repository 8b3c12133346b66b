"""Buyers are asked what they think of what arrived, once; and reviews earn their points after the time for returns."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.orm import Session

from portal.rules.remarks import INVITED_AFTER, INVITED_UNTIL
from portal.services.loyalty.award_points import award_review
from portal.services.outbox import Event, emit

# Not about what was reviewed or given back altogether.
_INVITE = text(
    """
    WITH due AS (
        SELECT p.id FROM order_part p
         WHERE p.status IN ('delivered', 'closed') AND p.delivered_at BETWEEN :since AND :until
           AND NOT EXISTS (SELECT FROM review_invitation i WHERE i.part_id = p.id)
           AND EXISTS (SELECT FROM order_line l WHERE l.part_id = p.id AND l.refunded_quantity < l.quantity
                          AND NOT EXISTS (SELECT FROM remark r WHERE r.line_id = l.id))
         ORDER BY p.delivered_at LIMIT 200
    ), invited AS (
        INSERT INTO review_invitation (part_id, at) SELECT id, :now FROM due ON CONFLICT DO NOTHING RETURNING part_id
    )
    SELECT i.part_id, o.buyer_id, o.channel_id FROM invited i
      JOIN order_part p ON p.id = i.part_id JOIN orders o ON o.id = p.order_id
    """
)
_UNREWARDED = text(
    """
    SELECT r.id FROM remark r JOIN order_line l ON l.id = r.line_id JOIN order_part p ON p.id = l.part_id
     WHERE r.kind = 'review' AND r.rewarded_at IS NULL AND r.hidden_at IS NULL AND p.mileage_matured_at IS NOT NULL
     ORDER BY r.at LIMIT 200
    """
)
_TAKE = text(
    """
    UPDATE remark SET rewarded_at = :now
     WHERE id = :remark_id AND kind = 'review' AND rewarded_at IS NULL AND hidden_at IS NULL
    RETURNING author_id, product_id
    """
)


def invite_to_review(session: Session, *, now: datetime) -> int:
    """Note whose parts have been there for a day, and ask their buyers; how many."""
    bounds = {"now": now, "since": now - INVITED_UNTIL, "until": now - INVITED_AFTER}
    rows = session.execute(_INVITE, bounds).all()
    events = [
        Event(
            "review.invited",
            f"part:{row.part_id}",
            {"part": str(row.part_id)},
            channel_id=row.channel_id,
            profile_id=row.buyer_id,
            dedup_key=f"review.invited:{row.part_id}",
        )
        for row in rows
    ]
    emit(session, *events, now=now)
    return len(events)


def reviews_to_reward(session: Session, *, now: datetime) -> list[uuid.UUID]:
    """Reviews of what can no longer be sent back, whose points were not decided; hidden ones earn none."""
    del now  # Every finder is asked with it.
    return list(session.scalars(_UNREWARDED))


def reward_review(session: Session, *, remark_id: uuid.UUID, now: datetime) -> int:
    """Give the points of a review, if it earns any; returns how many. A second run finds nothing."""
    row = session.execute(_TAKE, {"remark_id": remark_id, "now": now}).one_or_none()
    return award_review(session, user_id=row.author_id, product_id=row.product_id, now=now) if row else 0
