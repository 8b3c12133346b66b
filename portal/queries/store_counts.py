"""What waits in a store, counted in one statement (S01)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.orm import Session

from portal.queries.store_order import PAID_STATES
from portal.queries.store_orders import StoreView


@dataclass(frozen=True, slots=True)
class StoreCounts:
    """What waits, as the home page and the tabs say it: each is the number of rows of its view."""

    action: int
    to_send: int
    overdue: int
    hold: int
    shipped: int
    returning: int
    returns_waiting: int = 0
    returns_arrived: int = 0
    returns_to_send: int = 0
    claims: int = 0
    refunds_waiting: int = 0

    @property
    def return_work(self) -> int:
        """Cases that wait for the store."""
        return self.returns_waiting + self.returns_arrived + self.returns_to_send + self.claims

    def of(self, view: StoreView) -> int | None:
        return getattr(self, view.value, None)


_COUNTS = text(
    """
    SELECT (SELECT count(*) FROM order_part WHERE store_id = :store_id AND status = 'released') AS action,
           (SELECT count(*) FROM order_part WHERE store_id = :store_id AND status IN ('accepted', 'packed'))
               AS to_send,
           (SELECT count(*) FROM order_part WHERE store_id = :store_id
               AND status IN ('released', 'accepted', 'packed') AND deliver_until < :now) AS overdue,
           (SELECT count(*) FROM order_part p JOIN orders o ON o.id = p.order_id
             WHERE p.store_id = :store_id AND p.status = 'held'
               AND EXISTS (SELECT FROM order_hold h WHERE h.part_id = p.id AND h.released_at IS NULL)
               AND (o.status = ANY(:paid) OR o.status = 'pending' AND EXISTS
                      (SELECT FROM payment y WHERE y.order_id = o.id AND y.status = 'authorised'))) AS hold,
           (SELECT count(*) FROM order_part WHERE store_id = :store_id AND status = 'shipped') AS shipped,
           (SELECT count(*) FROM order_part WHERE store_id = :store_id AND status = 'returning') AS returning,
           r.waiting, r.arrived, r.to_send, r.claims,
           (SELECT count(*) FROM refund_approval a JOIN refund f ON f.id = a.refund_id AND f.status = 'requested'
             WHERE a.store_id = :store_id AND a.state = 'waiting') AS refunds
      FROM (SELECT count(*) FILTER (WHERE status = 'requested' AND kind <> 'claim') AS waiting,
                   count(*) FILTER (WHERE status = 'received') AS arrived,
                   count(*) FILTER (WHERE status = 'inspected') AS to_send,
                   count(*) FILTER (WHERE status = 'requested' AND kind = 'claim') AS claims
              FROM goods_return WHERE store_id = :store_id AND status IN ('requested', 'received', 'inspected')) r
    """
)


def count_store_orders(session: Session, *, store_id: int, now: datetime) -> StoreCounts:
    """What waits in a store, in one statement."""
    row = session.execute(_COUNTS, {"store_id": store_id, "now": now, "paid": list(PAID_STATES)}).one()
    return StoreCounts(*row)
