"""Take points from a person's lots for good, oldest expiry first, when they are given away (BAL-05, BAL-06)."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.orm import Session

from portal.rules.mileage import Lot, spend
from portal.rules.posting import POINTS, AccountKind, of_user
from portal.services.ledger.accounts import ensure_accounts

_LOCK = text("SELECT balance_minor - held_minor AS free FROM ledger_account WHERE id = :id FOR UPDATE")
_LOTS = text(
    """
    SELECT id, remaining, expires_at FROM mileage_lot
     WHERE account_id = :id AND remaining > 0 AND expires_at > :now ORDER BY expires_at, id
    """
)
_TAKE = text(
    """
    UPDATE mileage_lot l SET remaining = l.remaining - w.points
      FROM unnest(CAST(:lots AS bigint[]), CAST(:points AS bigint[])) AS w (id, points) WHERE l.id = w.id
    """
)


@dataclass(frozen=True, slots=True)
class TakenLot:
    """Points of one lot, with the lot's end."""

    lot_id: int
    points: int
    expires_at: datetime


def lock_points(session: Session, *, user_id: uuid.UUID) -> int:
    """Lock a person's mileage and return what is free of holds."""
    account = of_user(AccountKind.MILEAGE, user_id, POINTS)
    return int(session.execute(_LOCK, {"id": ensure_accounts(session, [account])[account]}).one().free)


def take_lots(session: Session, *, user_id: uuid.UUID, points: int, now: datetime) -> list[TakenLot]:
    """Take points from lots that still live. The caller holds the lock and posts. Raises MileageShortError."""
    account = of_user(AccountKind.MILEAGE, user_id, POINTS)
    account_id = ensure_accounts(session, [account])[account]
    rows = session.execute(_LOTS, {"id": account_id, "now": now}).all()
    uses = spend([Lot(row.id, row.remaining, row.expires_at) for row in rows], points, now=now)
    session.execute(_TAKE, {"lots": [use.lot_id for use in uses], "points": [use.points for use in uses]})
    ends = {row.id: row.expires_at for row in rows}
    return [TakenLot(use.lot_id, use.points, ends[use.lot_id]) for use in uses]
