"""What past orders would have earned by a version of the rules: looked at, nothing written (BAL-04)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from math import floor

from sqlalchemy.orm import Session

from portal.queries.channels import ChannelView, channel_directory
from portal.queries.earning_replay import PastOrder, load_past_orders
from portal.queries.loyalty import loyalty_directory
from portal.queries.segments import past_membership
from portal.rules.earning import Earner, EarnTerms, earn
from portal.rules.tiers import Ladder

SAMPLE = 10


@dataclass(frozen=True, slots=True)
class ChannelReplay:
    """Orders of a channel before and after: points, and what they are worth in minor units of its currency."""

    channel_id: int
    currency: str
    orders: int
    changed: int
    points_before: int
    points_after: int
    cost_before_minor: int
    cost_after_minor: int


@dataclass(frozen=True, slots=True)
class OrderReplay:
    """One order whose points would be others."""

    number: str
    placed_at: datetime
    before: int
    after: int


@dataclass(frozen=True, slots=True)
class EarningReplay:
    """The result by channel, with those orders whose points change most."""

    channels: tuple[ChannelReplay, ...]
    sample: tuple[OrderReplay, ...]
    is_cut: bool


def replay_earning(session: Session, *, terms: EarnTerms, since: datetime, now: datetime) -> EarningReplay:
    """Give past orders the points of `terms`, each at its own moment, in its buyer's tier and segments of then.

    Caps of the month count from the first of these orders. The tiers are those in force now.
    """
    past = load_past_orders(session, since=since, until=now)
    ladder = loyalty_directory(session).ladder(now)
    channels = channel_directory(session)
    segments = past_membership(
        session,
        keys={key for rule in terms.rules for key in rule.segments},
        user_ids={order.buyer for order in past.orders},
    )
    in_month: dict[tuple[str, int, str], int] = {}
    made: list[tuple[PastOrder, int]] = []
    for order in past.orders:
        channel = channels.by_id(order.channel_id)
        month = (order.buyer, order.channel_id, f"{order.placed_at:%Y-%m}")
        buyer = _buyer(order, channel, ladder, segments.of(order.buyer, order.placed_at), in_month.get(month, 0))
        after = earn(terms, order.lines, buyer).total
        in_month[month] = in_month.get(month, 0) + after
        made.append((order, after))
    by_channel = [
        _sum(channel, [one for one in made if one[0].channel_id == channel.id])
        for channel in channels.channels.values()
    ]
    changed = sorted((one for one in made if one[0].points != one[1]), key=lambda one: -abs(one[1] - one[0].points))
    return EarningReplay(
        channels=tuple(one for one in by_channel if one.orders),
        sample=tuple(OrderReplay(o.number, o.placed_at, o.points, after) for o, after in changed[:SAMPLE]),
        is_cut=past.is_cut,
    )


def _buyer(order: PastOrder, channel: ChannelView, ladder: Ladder, segments: frozenset[str], earned: int) -> Earner:
    bounds = channel.policy.get("mileage", {})
    tier = ladder.find(order.tier)
    return Earner(
        now=order.placed_at,
        channel_id=channel.id,
        base_rate=Fraction(str(bounds.get("earn_rate", "0"))),
        point_value=Fraction(str(bounds.get("point_value", "1"))),
        tier=tier.code if tier else None,
        tier_multiplier=tier.multiplier if tier else Decimal(1),
        segments=segments,
        earned_this_month=earned,
    )


def _sum(channel: ChannelView, made: Sequence[tuple[PastOrder, int]]) -> ChannelReplay:
    value = Fraction(str(channel.policy.get("mileage", {}).get("point_value", "1")))
    before, after = sum(one.points for one, _ in made), sum(points for _, points in made)
    return ChannelReplay(
        channel_id=channel.id,
        currency=channel.currency,
        orders=len(made),
        changed=sum(one.points != points for one, points in made),
        points_before=before,
        points_after=after,
        cost_before_minor=floor(before * value),
        cost_after_minor=floor(after * value),
    )
