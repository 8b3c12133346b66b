"""Points whose time is over go, and their owner hears of it a week before (BAL-05)."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.orm import Session

from portal.rules.mileage import TELL_BEFORE, Lot, expire
from portal.rules.mileage_posting import mileage_expired
from portal.rules.permissions import SYSTEM
from portal.rules.posting import EntryKind
from portal.services.audit import AuditAction, Fact, record
from portal.services.ledger.post import Entry, post_all
from portal.services.outbox import Event, emit

# Where all that is due is held by open orders there is nothing to expire yet. For a frozen account time stands still.
_DUE = text(
    """
    SELECT a.id FROM mileage_lot l JOIN ledger_account a ON a.id = l.account_id
     WHERE l.remaining > 0 AND l.expires_at <= :now AND a.balance_minor > a.held_minor
       AND a.frozen_at IS NULL
     GROUP BY a.id ORDER BY min(l.expires_at), a.id LIMIT :limit
    """
)
_LOCK = text(
    """
    SELECT owner, CASE WHEN frozen_at IS NULL THEN balance_minor - held_minor ELSE 0 END AS free
      FROM ledger_account WHERE id = :id FOR UPDATE
    """
)
_LOTS = text(
    """
    SELECT id, remaining, expires_at FROM mileage_lot
     WHERE account_id = :id AND remaining > 0 AND expires_at <= :now ORDER BY expires_at, id
    """
)
_TAKE = text(
    """
    UPDATE mileage_lot l SET remaining = l.remaining - w.points
      FROM unnest(CAST(:lots AS bigint[]), CAST(:points AS bigint[])) AS w (id, points) WHERE l.id = w.id
    """
)
# One notice for all lots of a person that end within the same days; each lot is told of once.
_TELL = text(
    """
    WITH ending AS (
        SELECT l.id FROM mileage_lot l JOIN ledger_account a ON a.id = l.account_id
         WHERE l.remaining > 0 AND a.frozen_at IS NULL AND l.end_told_at IS NULL
           AND l.expires_at > :now AND l.expires_at <= :until
         ORDER BY l.expires_at LIMIT :limit FOR UPDATE OF l SKIP LOCKED
    ), told AS (
        UPDATE mileage_lot l SET end_told_at = :now FROM ending WHERE l.id = ending.id
        RETURNING l.id, l.account_id, l.remaining, l.expires_at
    )
    SELECT a.owner, sum(t.remaining)::bigint AS points, min(t.expires_at) AS first_at, min(t.id) AS lot_id
      FROM told t JOIN ledger_account a ON a.id = t.account_id GROUP BY a.owner ORDER BY a.owner
    """
)


def accounts_to_expire(session: Session, *, now: datetime, limit: int = 200) -> list[int]:
    """Mileage accounts with lots whose time is over."""
    return list(session.scalars(_DUE, {"now": now, "limit": limit}))


def expire_lots(session: Session, *, account_id: int, now: datetime) -> int:
    """Take what has expired from an account, oldest expiry first; returns how many points. A second run finds none.

    What an open order holds stays: the hold was in time, and goes with the order or at the next run.
    """
    account = session.execute(_LOCK, {"id": account_id}).one()
    rows = session.execute(_LOTS, {"id": account_id, "now": now}).all()
    gone = expire([Lot(row.id, row.remaining, row.expires_at) for row in rows], free=account.free, now=now)
    if not gone:
        return 0
    lots = {row.id: row for row in rows}
    user_id = _user(account.owner)
    entries = [
        Entry(
            EntryKind.MILEAGE_EXPIRED,
            # A lot may go in pieces, and come back with a later end: each time is one of its own.
            f"mileage_expired:{one.lot_id}:{lots[one.lot_id].expires_at.isoformat()}:{lots[one.lot_id].remaining}",
            mileage_expired(user_id=user_id, points=one.points),
            now,
        )
        for one in gone
    ]
    written = post_all(session, entries)
    session.execute(_TAKE, {"lots": [one.lot_id for one in gone], "points": [one.points for one in gone]})
    facts = [
        Fact(
            AuditAction.MILEAGE_EXPIRED,
            f"entry:{written[entry.idem_key]}",
            after={"lot": one.lot_id, "points": one.points},
        )
        for entry, one in zip(entries, gone, strict=True)
    ]
    record(session, *facts, actor=SYSTEM, now=now)
    return sum(one.points for one in gone)


def tell_of_ends(session: Session, *, now: datetime, limit: int = 500) -> int:
    """Tell owners of lots that end within a week, once for each lot; returns how many people."""
    values = {"now": now, "until": now + TELL_BEFORE, "limit": limit}
    rows = session.execute(_TELL, values).all()
    events = [
        Event(
            "mileage.expiring",
            f"user:{_user(row.owner)}",
            {"points": row.points, "first_at": row.first_at.isoformat(), "lot": row.lot_id},
            profile_id=_user(row.owner),
            dedup_key=f"mileage.expiring:{row.lot_id}",
        )
        for row in rows
    ]
    emit(session, *events, now=now)
    return len(events)


def _user(owner: str) -> uuid.UUID:
    return uuid.UUID(owner.partition(":")[2])
