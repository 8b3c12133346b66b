"""Points for what is no purchase: signing up, a review (BAL-04)."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta

from sqlalchemy import text
from sqlalchemy.orm import Session

from portal.queries.loyalty import loyalty_directory
from portal.rules.permissions import SYSTEM
from portal.services.mileage.grant_mileage import grant_mileage

_KEPT = text(
    """
    SELECT EXISTS (SELECT FROM order_line l JOIN orders o ON o.id = l.order_id JOIN order_part p ON p.id = l.part_id
                    WHERE o.buyer_id = :user_id AND l.product_id = :product_id AND l.refunded_quantity < l.quantity
                      AND p.delivered_at IS NOT NULL)
    """
)


def award_sign_up(session: Session, *, user_id: uuid.UUID, now: datetime) -> int:
    """Give the points of signing up, once for each person, when the address was confirmed; returns how many."""
    points = loyalty_directory(session).terms(now).sign_up_points
    return _award(session, user_id, points, "sign_up", f"sign_up:{user_id}", now)


def award_review(session: Session, *, user_id: uuid.UUID, product_id: int, now: datetime) -> int:
    """Give the points of a review, once for each person and product that came and was kept; returns how many."""
    if not session.execute(_KEPT, {"user_id": user_id, "product_id": product_id}).scalar_one():
        return 0
    points = loyalty_directory(session).terms(now).review_points
    return _award(session, user_id, points, "review", f"review:{user_id}:{product_id}", now)


def award_referral(session: Session, *, user_id: uuid.UUID, points: int, referee_id: uuid.UUID, now: datetime) -> None:
    """Give what an invitation is worth to one of the two, once."""
    _award(session, user_id, points, "referral", f"referral:{referee_id}:{user_id}", now)


def _award(session: Session, user_id: uuid.UUID, points: int, source: str, key: str, now: datetime) -> int:
    if not points:
        return 0
    life = timedelta(days=loyalty_directory(session).terms(now).life_days)
    grant_mileage(
        session,
        user_id=user_id,
        points=points,
        source=source,
        idem_key=key,
        expires_at=now + life,
        actor=SYSTEM,
        now=now,
    )
    return points
