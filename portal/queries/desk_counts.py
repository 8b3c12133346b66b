"""The numbers beside the entries of a desk's menu, in one statement for each page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from sqlalchemy import text
from sqlalchemy.orm import Session


@dataclass(frozen=True, slots=True)
class MallWaits:
    """What waits for administrators."""

    held: int
    tickets: int


@dataclass(frozen=True, slots=True)
class StoreWaits:
    """What waits for a store, beside its orders."""

    tickets: int
    questions: int


# As columns of one row, for whoever counts more beside them; admin_home.py does.
MALL_COLUMNS: Final = """
           (SELECT count(*) FROM orders o WHERE o.status IN ('pending', 'paid')
               AND o.id IN (SELECT h.order_id FROM order_hold h
                             WHERE h.released_at IS NULL AND h.reason = 'high_risk')) AS held,
           (SELECT count(*) FROM ticket
             WHERE answer_due_at IS NOT NULL AND (with_mall OR missed_at IS NOT NULL)) AS tickets
"""
_MALL = text(f"SELECT {MALL_COLUMNS}")
_STORE = text(
    """
    SELECT (SELECT count(*) FROM ticket
             WHERE answer_due_at IS NOT NULL AND NOT with_mall AND store_id = :store_id) AS tickets,
           (SELECT count(*) FROM remark
             WHERE store_id = :store_id AND kind = 'question' AND answer IS NULL AND hidden_at IS NULL) AS questions
    """
)


def mall_waits(session: Session) -> MallWaits:
    """Beside the entries of the administrators' menu."""
    row = session.execute(_MALL).one()
    return MallWaits(row.held, row.tickets)


def store_waits(session: Session, *, store_id: int) -> StoreWaits:
    """Beside the entries of a store's menu."""
    row = session.execute(_STORE, {"store_id": store_id}).one()
    return StoreWaits(row.tickets, row.questions)
