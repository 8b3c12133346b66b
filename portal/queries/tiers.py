"""The tier of a person: the same on every channel, as it is committed (BAL-08)."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from portal.models import MemberTier, TierMove
from portal.queries.exchange import platform_currency
from portal.queries.loyalty import loyalty_directory
from portal.rules.tiers import Ladder, Tier

MOVES_SHOWN = 20

# Goods that were paid and kept, without shipping fees, in the platform's currency at the rate of the order.
_SPEND = text(
    """
    SELECT coalesce(sum(CASE WHEN o.currency = :platform THEN l.kept
                             ELSE floor(l.kept * o.platform_minor::numeric / nullif(o.payable_minor, 0))
                        END), 0)::bigint
      FROM orders o
      JOIN LATERAL (SELECT sum(payable_minor - refunded_minor) AS kept FROM order_line WHERE order_id = o.id) l ON true
     WHERE o.buyer_id = :user_id AND o.paid_at > :since AND o.paid_at <= :now
       AND (o.currency = :platform OR o.platform_currency = :platform)
    """
)


@dataclass(frozen=True, slots=True)
class TierView:
    """A person's tier and what is missing to the next; amounts in minor units of `currency`, the platform's."""

    tier: Tier
    following: Tier | None
    spend_minor: int
    currency: str
    since: datetime | None
    until: datetime | None
    period_days: int

    @property
    def missing_minor(self) -> int:
        """What is still to be spent for the next tier, 0 at the highest."""
        return max(0, self.following.from_minor - self.spend_minor) if self.following else 0


@dataclass(frozen=True, slots=True)
class MoveRow:
    """A move between tiers, by their codes."""

    from_tier: str | None
    to_tier: str
    reason: str
    at: datetime


def tier_code(session: Session, *, user_id: uuid.UUID) -> str | None:
    """The code of a person's tier as it is committed; None for one who was never looked at, who has the lowest."""
    return session.execute(select(MemberTier.tier).where(MemberTier.user_id == user_id)).scalar_one_or_none()


@dataclass(frozen=True, slots=True)
class Membership:
    """What somebody belongs to: the code of his tier, and the keys of the mall's own segments."""

    tier: str | None = None
    segments: frozenset[str] = frozenset()


def load_spend(session: Session, *, user_id: uuid.UUID, ladder: Ladder, now: datetime) -> int:
    """What a person has spent in the rolling period, less what went back, in the platform's currency."""
    values = {
        "user_id": user_id,
        "platform": platform_currency(session),
        "since": now - ladder.period,
        "now": now,
    }
    return int(session.execute(_SPEND, values).scalar_one())


def load_tier(session: Session, *, user_id: uuid.UUID, now: datetime) -> TierView | None:
    """A person's tier for his own pages; None where the mall has no tiers."""
    ladder = loyalty_directory(session).ladder(now)
    row = session.execute(
        select(MemberTier.tier, MemberTier.since, MemberTier.until).where(MemberTier.user_id == user_id)
    ).one_or_none()
    tier = ladder.find(row.tier if row else None)
    if tier is None:
        return None
    return TierView(
        tier=tier,
        following=ladder.above(tier),
        spend_minor=load_spend(session, user_id=user_id, ladder=ladder, now=now),
        currency=platform_currency(session),
        since=row.since if row else None,
        until=row.until if row else None,
        period_days=ladder.period_days,
    )


def list_moves(session: Session, *, user_id: uuid.UUID) -> Sequence[MoveRow]:
    """A person's moves between tiers, the latest first."""
    statement = (
        select(TierMove.from_tier, TierMove.to_tier, TierMove.reason, TierMove.at)
        .where(TierMove.user_id == user_id)
        .order_by(TierMove.id.desc())
        .limit(MOVES_SHOWN)
    )
    return [MoveRow(*row) for row in session.execute(statement)]


def count_members(session: Session) -> dict[str, int]:
    """How many people stand in each tier, by its code; those who were never looked at are in none."""
    rows = session.execute(select(MemberTier.tier, func.count().label("people")).group_by(MemberTier.tier))
    return {row.tier: row.people for row in rows}
