"""Past orders with what earning went by, for a version of the rules that was not in force then (BAL-04)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.orm import Session

from portal.queries.sections import lineage
from portal.rules.earning import EarnLine

ORDERS_MAX = 2_000


@dataclass(frozen=True, slots=True)
class PastOrder:
    """An order as it was paid: `points` are what it promised, `tier` is the buyer's of then."""

    number: str
    buyer: str
    channel_id: int
    placed_at: datetime
    points: int
    tier: str | None
    lines: tuple[EarnLine, ...]


@dataclass(frozen=True, slots=True)
class PastOrders:
    """Orders in the order of their time; `is_cut` says that there were more than these, which are the newest."""

    orders: tuple[PastOrder, ...]
    is_cut: bool


_PAST = text(
    """
    WITH past AS (
        SELECT o.id, o.number, o.buyer_id, o.channel_id, o.placed_at, o.mileage_promised, o.loyalty ->> 'tier' AS tier
          FROM orders o
         WHERE o.placed_at >= :since AND o.placed_at < :until AND o.paid_at IS NOT NULL AND o.external_ref IS NULL
         ORDER BY o.placed_at DESC, o.id DESC LIMIT :limit
    )
    SELECT p.*, l.product_id, r.store_id, g.section_id, l.tax_minor, l.payable_minor,
           coalesce((SELECT sum(s.amount_minor) FROM tender_share s JOIN tender t ON t.id = s.tender_id
                      WHERE s.line_id = l.id AND t.type IN ('gateway', 'deposit')), 0)::bigint AS paid_minor
      FROM past p JOIN order_line l ON l.order_id = p.id JOIN order_part r ON r.id = l.part_id
      JOIN product g ON g.id = l.product_id
     ORDER BY p.placed_at, p.id, r.position, l.position
    """
)


def load_past_orders(session: Session, *, since: datetime, until: datetime) -> PastOrders:
    """The newest ORDERS_MAX paid orders of a time; imported ones were never ours to reward."""
    found: dict[str, tuple[PastOrder, list[EarnLine]]] = {}
    for row in session.execute(_PAST, {"since": since, "until": until, "limit": ORDERS_MAX + 1}):
        order = PastOrder(
            row.number, str(row.buyer_id), row.channel_id, row.placed_at, row.mileage_promised, row.tier, ()
        )
        line = EarnLine(
            product_id=row.product_id,
            store_id=row.store_id,
            section_ids=lineage(row.section_id, session),
            paid_minor=row.paid_minor,
            tax_minor=row.tax_minor,
            to_pay_minor=row.payable_minor,
        )
        found.setdefault(row.number, (order, []))[1].append(line)
    orders: Sequence[PastOrder] = [
        PastOrder(one.number, one.buyer, one.channel_id, one.placed_at, one.points, one.tier, tuple(lines))
        for one, lines in found.values()
    ]
    return PastOrders(tuple(orders[-ORDERS_MAX:]), is_cut=len(orders) > ORDERS_MAX)
