"""What the page of a product tells beside the product itself: what is said of it, and how it stands to who looks."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.orm import Session

from portal.queries.remarks import Rating, as_rating
from portal.queries.tiers import Membership


@dataclass(frozen=True, slots=True)
class ProductLook:
    """The rating and whether anybody has asked; whether who looks wishes this variant, and what he belongs to."""

    rating: Rating
    has_questions: bool
    is_wished: bool
    membership: Membership | None


# Written out and in one, as every page of a product asks (ADR 30).
_LOOK = text(
    """
    SELECT r.reviews, r.stars,
           EXISTS (SELECT FROM remark q
                    WHERE q.product_id = :product_id AND q.kind = 'question' AND q.hidden_at IS NULL) AS has_questions,
           EXISTS (SELECT FROM wish WHERE user_id = :user_id AND variant_id = :variant_id) AS is_wished,
           (SELECT tier FROM member_tier WHERE user_id = :user_id) AS tier,
           ARRAY(SELECT key FROM segment_member WHERE user_id = :user_id) AS segments
      FROM (SELECT) AS one LEFT JOIN product_rating r ON r.product_id = :product_id
    """
)


def look_at(session: Session, *, product_id: int, variant_id: int, user_id: uuid.UUID | None) -> ProductLook:
    """As it is committed, in one statement; a visitor (None) wishes nothing and has no membership."""
    row = session.execute(_LOOK, {"product_id": product_id, "variant_id": variant_id, "user_id": user_id}).one()
    membership = None if user_id is None else Membership(row.tier, frozenset(row.segments))
    return ProductLook(as_rating(row.reviews, row.stars), row.has_questions, row.is_wished, membership)
