"""What the conditions of coupons ask about a buyer: read only where one of his coupons asks it."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.orm import Session

from portal.queries.loyalty import loyalty_directory
from portal.rules.coupons.segments import groups_of, segments_of


@dataclass(frozen=True, slots=True)
class BuyerFacts:
    """A buyer's segments, the mall's own among them, groups and loyalty tier at one moment."""

    segments: frozenset[str] = frozenset()
    groups: frozenset[str] = frozenset()
    tier: str | None = None
    paid_orders: int = 0


_FACTS = text(
    """
    SELECT u.roles, ARRAY(SELECT m.key FROM segment_member m WHERE m.user_id = u.id) AS segments,
           count(o.id) AS paid_orders, max(o.paid_at) AS last_paid_at
      FROM user_account u LEFT JOIN orders o ON o.buyer_id = u.id AND o.paid_at IS NOT NULL
     WHERE u.id = :user_id GROUP BY u.id
    """
)


def load_buyer_facts(session: Session, *, user_id: uuid.UUID, tier: str | None, now: datetime) -> BuyerFacts:
    """The facts of a person who exists. `tier` is what is kept of him; who was never looked at has the lowest."""
    row = session.execute(_FACTS, {"user_id": user_id}).one()
    found = loyalty_directory(session).ladder(now).find(tier)
    return BuyerFacts(
        segments=segments_of(row.paid_orders, row.last_paid_at, now) | set(row.segments),
        groups=groups_of(row.roles),
        tier=found.code if found else None,
        paid_orders=row.paid_orders,
    )
