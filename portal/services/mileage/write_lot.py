"""Points that came together become one lot."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy.orm import Session

from portal.db import insert_rows
from portal.models import MileageLot
from portal.rules.posting import POINTS, AccountKind, of_user
from portal.services.ledger.accounts import ensure_accounts


def write_lot(
    session: Session,
    *,
    user_id: uuid.UUID,
    points: int,
    source: str,
    expires_at: datetime,
    now: datetime,
    source_order_id: uuid.UUID | None = None,
    source_part_id: uuid.UUID | None = None,
) -> None:
    """Write the lot of an entry that the caller has posted. One of nothing stands for points that paid a debt whole."""
    account = of_user(AccountKind.MILEAGE, user_id, POINTS)
    lot = {
        "account_id": ensure_accounts(session, [account])[account],
        "granted": points,
        "remaining": points,
        "source": source,
        "source_order_id": source_order_id,
        "source_part_id": source_part_id,
        "granted_at": now,
        "expires_at": expires_at,
    }
    insert_rows(session, MileageLot, [lot])
