"""Take spent points from their lots, oldest expiry first (BAL-05)."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta

from sqlalchemy import text
from sqlalchemy.orm import Session

from portal.kit.ids import new_id
from portal.rules.mileage import Lot, spend
from portal.rules.posting import POINTS, AccountKind, of_user

_LOTS = text(
    """
    SELECT l.id, l.remaining, l.expires_at FROM mileage_lot l JOIN ledger_account a ON a.id = l.account_id
     WHERE a.kind = :kind AND a.owner = :owner AND a.currency = :currency AND l.remaining > 0
     ORDER BY l.expires_at, l.id
    """
)

_SPEND = text(
    """
    WITH w AS (
        SELECT * FROM unnest(CAST(:ids AS uuid[]), CAST(:lots AS bigint[]), CAST(:points AS bigint[]))
                      AS w (id, lot_id, points)
    ), spent AS (
        UPDATE mileage_lot SET remaining = remaining - w.points FROM w WHERE mileage_lot.id = w.lot_id
    )
    INSERT INTO mileage_lot_use (id, lot_id, tender_id, points) SELECT id, lot_id, :tender_id, points FROM w
    """
)


def spend_lots(session: Session, *, user_id: uuid.UUID, points: int, tender_id: uuid.UUID, now: datetime) -> None:
    """Take `points` from the lots of a person and note which lots they came from.

    The caller has locked the account's row by moving its balance. Points that were held before their lot's
    expiry are still good: the hold was in time. Raises MileageShortError.
    """
    account = of_user(AccountKind.MILEAGE, user_id, POINTS)
    values = {"kind": account.kind.value, "owner": account.owner, "currency": account.currency}
    rows = session.execute(_LOTS, values).all()
    # Expiry is the work of the expiry job, which leaves alone what is held; here every open lot counts.
    first_moment = min((row.expires_at for row in rows), default=now) - timedelta(microseconds=1)
    lots = [Lot(row.id, row.remaining, row.expires_at) for row in rows]
    uses = spend(lots, points, now=min(now, first_moment))
    session.execute(
        _SPEND,
        {
            "ids": [new_id() for _ in uses],
            "lots": [use.lot_id for use in uses],
            "points": [use.points for use in uses],
            "tender_id": tender_id,
        },
    )
