"""How the older orders of each store and campaign turned out (FRD-10): counted by the clock, looked up by decisions.

Only orders older than the delay count, as frauds are told late: a store with many fresh orders would else look good.
Each decision keeps the share that it saw.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import text
from sqlalchemy.orm import Session

DELAY = timedelta(days=30)
COUNTED_OVER = timedelta(days=120)

LOCK = 7_236_419

_LOCK = text("SELECT pg_advisory_xact_lock(:key)")
_FORGET = text("DELETE FROM risk_share")
_COUNT = text(
    """
    WITH bad AS MATERIALIZED (
        SELECT DISTINCT d.order_id FROM risk_label l JOIN risk_decision d ON d.id = l.decision_id
         WHERE l.label AND d.order_id IS NOT NULL
    ), judged AS MATERIALIZED (
        SELECT o.id, b.order_id IS NOT NULL AS is_bad FROM orders o LEFT JOIN bad b ON b.order_id = o.id
         WHERE o.placed_at > :since AND o.placed_at <= :settled AND (o.paid_at IS NOT NULL OR b.order_id IS NOT NULL)
    )
    INSERT INTO risk_share (kind, ref, orders, frauds)
    SELECT 'store', p.store_id, count(*), count(*) FILTER (WHERE j.is_bad)
      FROM judged j JOIN order_part p ON p.order_id = j.id GROUP BY p.store_id
     UNION ALL
    SELECT 'campaign', u.campaign_id, count(DISTINCT j.id), count(DISTINCT j.id) FILTER (WHERE j.is_bad)
      FROM judged j JOIN coupon_use u ON u.order_id = j.id GROUP BY u.campaign_id
    """
)


def renew_shares(session: Session, *, now: datetime) -> None:
    """Count anew. Whoever decides meanwhile sees the shares before; two at once do it one after the other."""
    session.execute(_LOCK, {"key": LOCK})
    session.execute(_FORGET)
    session.execute(_COUNT, {"since": now - COUNTED_OVER, "settled": now - DELAY})
