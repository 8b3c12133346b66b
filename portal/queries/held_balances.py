"""Which orders of a person's keep some of a balance for their payment (BAL-03)."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence

from sqlalchemy import text
from sqlalchemy.orm import Session

_HOLDING = text(
    """
    SELECT DISTINCT a.kind, o.number FROM ledger_account a
      JOIN ledger_hold h ON h.account_id = a.id AND h.status = 'active'
      JOIN orders o ON o.id = h.order_id AND o.status = 'pending'
     WHERE a.owner = :owner AND a.kind IN ('deposit', 'mileage') ORDER BY o.number
    """
)


def orders_holding(session: Session, *, user_id: uuid.UUID) -> Mapping[str, Sequence[str]]:
    """The numbers of orders that wait for their payment, by the kind of balance of which they keep something."""
    found: dict[str, list[str]] = {}
    for row in session.execute(_HOLDING, {"owner": f"user:{user_id}"}):
        found.setdefault(row.kind, []).append(row.number)
    return found
