"""Past orders as a campaign would have met them (CPN-12): a bounded number, the same ones each time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import text
from sqlalchemy.orm import Session

from portal.queries.channels import channel_directory
from portal.queries.loyalty import loyalty_directory
from portal.rules.coupons.dry_run import PastOrder
from portal.rules.coupons.facts import Facts
from portal.rules.coupons.segments import groups_of, segments_of
from portal.rules.pricing import PricedLine, ShippingFee

# More orders than this are sampled: a page must not wait for a year of a big mall.
ORDERS_MAX = 5_000


@dataclass(frozen=True, slots=True)
class Period:
    """Which orders are looked at: one in `every` of the `orders` that were paid between two instants."""

    starts_at: datetime
    ends_at: datetime
    orders: int
    every: int


_COUNT = text(
    """
    SELECT count(*) FROM (
        SELECT FROM orders o WHERE o.placed_at >= :starts_at AND o.placed_at < :ends_at AND o.paid_at IS NOT NULL
           AND (CAST(:store_id AS bigint) IS NULL
                OR EXISTS (SELECT FROM order_part p WHERE p.order_id = o.id AND p.store_id = :store_id))
         LIMIT 1000000) AS found
    """
)
# Which of many orders are looked at follows from their ids: whoever asks twice is told the same.
_ORDERS = text(
    """
    SELECT o.id, o.buyer_id, o.channel_id, o.currency, o.placed_at, u.roles, t.tier,
           ARRAY(SELECT m.key FROM segment_member m WHERE m.user_id = o.buyer_id) AS own_segments,
           (SELECT p.method FROM payment p WHERE p.order_id = o.id LIMIT 1) AS method,
           before.paid_orders, before.last_paid_at, lines.lines, fees.fees,
           ARRAY(SELECT c.campaign_id FROM coupon_use c JOIN campaign g ON g.id = c.campaign_id
                  WHERE c.order_id = o.id AND c.status <> 'released' AND c.campaign_id <> :campaign_id
                    AND g.state IN ('scheduled', 'running', 'paused')) AS used
      FROM orders o
      JOIN user_account u ON u.id = o.buyer_id
      LEFT JOIN member_tier t ON t.user_id = o.buyer_id
      JOIN LATERAL (SELECT count(*) AS paid_orders, max(x.paid_at) AS last_paid_at FROM orders x
                     WHERE x.buyer_id = o.buyer_id AND x.paid_at < o.placed_at) AS before ON true
      JOIN LATERAL (
           SELECT jsonb_agg(jsonb_build_array(l.id, p.store_id, l.product_id, l.quantity, l.unit_price_minor,
                                              g.section_id, s.parent_id) ORDER BY p.position, l.position) AS lines
             FROM order_line l JOIN order_part p ON p.id = l.part_id
             JOIN product g ON g.id = l.product_id JOIN section s ON s.id = g.section_id
            WHERE l.order_id = o.id) AS lines ON true
      JOIN LATERAL (
           SELECT jsonb_agg(jsonb_build_array(p.store_id, p.shipping_fee_minor)) AS fees
             FROM order_part p WHERE p.order_id = o.id) AS fees ON true
     WHERE o.placed_at >= :starts_at AND o.placed_at < :ends_at AND o.paid_at IS NOT NULL
       AND abs(hashtext(o.id::text)::bigint) % :every = 0
       AND (CAST(:store_id AS bigint) IS NULL
            OR EXISTS (SELECT FROM order_part p WHERE p.order_id = o.id AND p.store_id = :store_id))
     ORDER BY o.placed_at, o.id LIMIT :most
    """
)


def find_period(session: Session, *, starts_at: datetime, ends_at: datetime, store_id: int | None) -> Period:
    """How many paid orders a period has (of a store, if one is given), and how many of them are looked at."""
    values = {"starts_at": starts_at, "ends_at": ends_at, "store_id": store_id}
    orders = int(session.execute(_COUNT, values).scalar_one())
    return Period(starts_at, ends_at, orders, max(1, -(-orders // ORDERS_MAX)))


def past_orders(session: Session, period: Period, *, campaign_id: int, store_id: int | None) -> Iterator[PastOrder]:
    """The orders of a period, the oldest first, with what was known of them when they were placed.

    Roles, the tier and the mall's own segments are those of now: what somebody was then is not kept with the order.
    """
    values = {
        "starts_at": period.starts_at,
        "ends_at": period.ends_at,
        "every": period.every,
        "campaign_id": campaign_id,
        "store_id": store_id,
        "most": 2 * ORDERS_MAX,
    }
    channels = {view.id: view for view in channel_directory().channels.values()}
    ladder = loyalty_directory(session).ladder(period.ends_at)
    for row in session.execute(_ORDERS, values):
        channel = channels.get(row.channel_id)
        if channel is None or not row.lines:
            continue
        zone = ZoneInfo(channel.time_zone)
        tier = ladder.find(row.tier)
        yield PastOrder(
            id=row.id,
            buyer_id=row.buyer_id,
            day=row.placed_at.astimezone(zone).date(),
            used=tuple(row.used),
            facts=Facts(
                now=row.placed_at,
                currency=row.currency,
                channel_id=row.channel_id,
                lines=[_line(one) for one in row.lines],
                shipping=[ShippingFee(store, fee) for store, fee in row.fees],
                zone=zone,
                paid_orders=row.paid_orders,
                user_id=row.buyer_id,
                country=channel.country,
                method=row.method,
                tier=tier.code if tier else None,
                segments=segments_of(row.paid_orders, row.last_paid_at, row.placed_at) | set(row.own_segments),
                groups=groups_of(row.roles),
            ),
        )


def _line(one: list[Any]) -> PricedLine:
    key, store_id, product_id, quantity, price, section_id, above = one
    return PricedLine(
        key=str(key),
        store_id=store_id,
        product_id=product_id,
        quantity=quantity,
        unit_price_minor=price,
        section_ids=frozenset(shelf for shelf in (section_id, above) if shelf is not None),
    )
