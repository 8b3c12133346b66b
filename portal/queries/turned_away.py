"""Whom gateways could not be reached for, a moment ago: he is asked to wait before the same is tried again (PAY-06)."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import text
from sqlalchemy.orm import Session

WAIT = timedelta(minutes=5)

# Somebody's payments of the last hour are few; those of them whose last try found nobody are fewer.
_TURNED_AWAY = text(
    """
    SELECT max(a.answered_at) AS at, array_agg(DISTINCT x.gateway_account_id) AS account_ids
      FROM payment p
      JOIN payment_attempt a ON a.payment_id = p.id AND a.state = 'declined' AND a.gateway_code = 'unavailable'
      JOIN payment_attempt x ON x.payment_id = p.id
     WHERE p.user_id = :user_id AND p.method = :method AND p.created_at > :since - interval '1 hour'
       AND a.answered_at > :since
    """
)


@dataclass(frozen=True, slots=True)
class TurnedAway:
    """The accounts that were tried for somebody, and when they may be tried again."""

    account_ids: frozenset[int] = frozenset()
    until: datetime | None = None


NOT_TURNED_AWAY = TurnedAway()


def load_turned_away(session: Session, *, user_id: uuid.UUID, method: str, now: datetime) -> TurnedAway:
    """What was tried in vain within the time to wait. At its very end it is over."""
    row = session.execute(_TURNED_AWAY, {"user_id": user_id, "method": method, "since": now - WAIT}).one()
    return TurnedAway(frozenset(row.account_ids), row.at + WAIT) if row.at else NOT_TURNED_AWAY
