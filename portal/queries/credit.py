"""How somebody stands who buys on invoice (PAY-17)."""

from __future__ import annotations

import uuid

from sqlalchemy import text
from sqlalchemy.orm import Session

from portal.rules.invoices import Credit

# What is owed, and what pending orders will owe once they are settled.
_CREDIT = text(
    """
    SELECT c.limit_minor, c.days, c.state = 'open' AS is_open,
           (SELECT coalesce(sum(i.total_minor - i.paid_minor - i.lowered_minor - i.lost_minor), 0)
              FROM invoice i WHERE i.user_id = c.user_id AND i.currency = c.currency AND i.closed_at IS NULL)::bigint
           + (SELECT coalesce(sum(p.amount_minor), 0) FROM payment p
               WHERE p.user_id = c.user_id AND p.currency = c.currency AND p.method = 'invoice'
                 AND p.status IN ('pending', 'requires_action', 'authorised'))::bigint AS used_minor,
           (SELECT count(*) FROM invoice i WHERE i.user_id = c.user_id AND i.state = 'overdue')::bigint AS overdue
      FROM credit_line c WHERE c.user_id = :user_id AND c.currency = :currency
    """
)


def load_credit(session: Session, *, user_id: uuid.UUID, currency: str) -> Credit | None:
    """The credit of a person in one currency; None for whoever has none."""
    row = session.execute(_CREDIT, {"user_id": user_id, "currency": currency}).one_or_none()
    if row is None:
        return None
    return Credit(row.limit_minor, row.used_minor, row.days, row.overdue, row.is_open)
