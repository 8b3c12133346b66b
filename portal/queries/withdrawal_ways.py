"""The payments that somebody's deposit came from, and what of each may still go back that way (REF-08)."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from portal.queries.refund_way_back import way_back
from portal.rules.withdrawals import WayBack

# More payments than this are not looked through for one withdrawal; the rest goes to the bank.
WAYS_MAX = 50

_PAYMENTS = """
    SELECT p.id, p.method, p.completed_at, p.captured_minor, a.id AS attempt_id, a.gateway_account_id, a.card,
           p.captured_minor - p.refunded_minor - coalesce(
               (SELECT sum(g.amount_minor) FROM refund_leg g JOIN payment_attempt x ON x.id = g.attempt_id
                 WHERE x.payment_id = p.id AND g.status NOT IN ('succeeded', 'failed')), 0)::bigint AS left_minor
      FROM payment p
      JOIN LATERAL (SELECT * FROM payment_attempt x WHERE x.payment_id = p.id AND x.state = 'captured'
                       AND x.reversal IS NULL ORDER BY x.n DESC LIMIT 1) a ON true
     WHERE {which} AND p.currency = :currency
       AND p.status IN ('captured', 'partially_refunded', 'dispute_won')
       -- A gateway that has refused one leg is not asked for the next.
       AND NOT EXISTS (SELECT FROM refund_leg g JOIN payment_attempt x ON x.id = g.attempt_id
                        WHERE x.payment_id = p.id AND g.status = 'failed')
     ORDER BY p.completed_at, p.id LIMIT :most
"""
_OF_DEPOSIT = _PAYMENTS.format(which="p.user_id = :user_id AND p.purpose = 'top_up'")
_OF_ONE = _PAYMENTS.format(which="p.user_id = :user_id AND p.id = :payment_id")


@dataclass(frozen=True, slots=True)
class PaidBy:
    """A way back as people know it: the method, and the card if it was one."""

    way: WayBack
    method: str
    card: Mapping[str, Any] | None


def ways_back(
    session: Session,
    *,
    user_id: uuid.UUID,
    currency: str,
    now: datetime,
    payment_id: uuid.UUID | None = None,
    lock: bool = False,
) -> list[PaidBy]:
    """Payments of top-ups (or one payment) that can give something back, the oldest first.

    With `lock` their rows are held: whoever decides by it has no other lock of money yet.
    """
    query = (_OF_ONE if payment_id else _OF_DEPOSIT) + (" FOR UPDATE OF p" if lock else "")
    values = {"user_id": user_id, "currency": currency, "payment_id": payment_id, "most": WAYS_MAX}
    found = []
    for row in session.execute(text(query), values if payment_id else {k: v for k, v in values.items() if v}).all():
        closed, takes_parts = way_back(session, row, now)
        way = WayBack(row.attempt_id, row.left_minor, takes_parts, row.left_minor == row.captured_minor)
        if closed is None and way.can_take_any:
            found.append(PaidBy(way, row.method, row.card))
    return found
