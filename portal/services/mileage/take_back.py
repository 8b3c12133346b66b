"""Earned points are taken back after a refund; what was spent of them is owed and netted from later ones (REF-06)."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.orm import Session

from portal.rules.mileage import take_available
from portal.rules.mileage_posting import mileage_taken_back
from portal.rules.posting import POINTS, AccountKind, EntryKind, of_user
from portal.services.ledger.accounts import ensure_accounts
from portal.services.ledger.post import post

_LOCK = text("SELECT id, balance_minor - held_minor AS available FROM ledger_account WHERE id = :id FOR UPDATE")
_OWED = text(
    """
    SELECT coalesce(-sum(p.amount_minor), 0)::bigint FROM ledger_posting p
      JOIN ledger_account a ON a.id = p.account_id
     WHERE a.kind = 'mileage_owed' AND a.owner = :owner
    """
)
# The order's own lots first, then the one that expires soonest.
_TAKE = text(
    """
    WITH stood AS (
        SELECT id, remaining,
               sum(remaining) OVER (ORDER BY (source_order_id IS DISTINCT FROM :order_id), expires_at, id) - remaining
                   AS before
          FROM mileage_lot WHERE account_id = :account_id AND remaining > 0
    )
    UPDATE mileage_lot l SET remaining = l.remaining - least(s.remaining, :points - s.before)
      FROM stood s WHERE s.id = l.id AND s.before < :points
    """
)


def owed_points(session: Session, *, user_id: uuid.UUID) -> int:
    """Points that a person owes. His mileage account is locked, so that a debt is paid once."""
    account = of_user(AccountKind.MILEAGE, user_id, POINTS)
    session.execute(_LOCK, {"id": ensure_accounts(session, [account])[account]})
    return int(session.execute(_OWED, {"owner": account.owner}).scalar_one())


def take_back(
    session: Session, *, user_id: uuid.UUID, points: int, order_id: uuid.UUID, idem_key: str, now: datetime
) -> int:
    """Take `points` that an order had earned from the lots, once per key; returns how many are owed now."""
    account = of_user(AccountKind.MILEAGE, user_id, POINTS)
    account_id = ensure_accounts(session, [account])[account]
    available = session.execute(_LOCK, {"id": account_id}).one().available
    taken, owed = take_available(points, available=available)
    _, is_new = post(
        session,
        kind=EntryKind.MILEAGE_TAKEN_BACK,
        idem_key=idem_key,
        lines=mileage_taken_back(user_id=user_id, points=points, owed_points=owed),
        now=now,
        order_id=order_id,
    )
    if is_new and taken:
        session.execute(_TAKE, {"account_id": account_id, "order_id": order_id, "points": taken})
    return owed
