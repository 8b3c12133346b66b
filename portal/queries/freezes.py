"""When and why accounts were frozen."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.orm import Session

from portal.crypto import EncryptedText


@dataclass(frozen=True, slots=True)
class FreezeView:
    """One stretch of time; it is open while `lifted_at` is None. People are names, or empty for the system."""

    id: uuid.UUID
    reason: str
    note: str | None
    frozen_by: str
    frozen_at: datetime
    lifted_by: str
    lifted_at: datetime | None
    lift_note: str | None
    coupons: int


_OF = text(
    """
    SELECT f.id, f.reason, f.note, by.name AS frozen_by, f.frozen_at, up.name AS lifted_by, f.lifted_at, f.lift_note,
           cardinality(f.grants) AS coupons
      FROM account_freeze f
      LEFT JOIN user_account by ON by.id = CASE WHEN f.frozen_by LIKE 'user:%' THEN substr(f.frozen_by, 6)::uuid END
      LEFT JOIN user_account up ON up.id = CASE WHEN f.lifted_by LIKE 'user:%' THEN substr(f.lifted_by, 6)::uuid END
     WHERE f.user_id = :user_id ORDER BY f.frozen_at DESC, f.id LIMIT 50
    """
).columns(frozen_by=EncryptedText("user_account.name"), lifted_by=EncryptedText("user_account.name"))


def freezes_of(session: Session, *, user_id: uuid.UUID) -> Sequence[FreezeView]:
    """The freezes of an account, the latest first."""
    return [
        FreezeView(
            row.id,
            row.reason,
            row.note,
            row.frozen_by or "",
            row.frozen_at,
            row.lifted_by or "",
            row.lifted_at,
            row.lift_note,
            row.coupons,
        )
        for row in session.execute(_OF, {"user_id": user_id})
    ]


FREEZE_INVARIANTS = (
    (
        2,
        "an account is frozen exactly while a freeze of it is open",
        """SELECT u.id, u.state, f.id AS freeze FROM user_account u
             LEFT JOIN account_freeze f ON f.user_id = u.id AND f.lifted_at IS NULL
            WHERE (u.state = 'frozen') <> (f.id IS NOT NULL)""",
    ),
    (
        2,
        "balances are frozen only with their owner",
        """SELECT a.id, a.owner, a.frozen_at FROM ledger_account a
             LEFT JOIN user_account u ON a.owner = 'user:' || u.id
            WHERE a.frozen_at IS NOT NULL AND u.state IS DISTINCT FROM 'frozen'""",
    ),
    (
        2,
        "what a freeze holds ends with it",
        """SELECT h.id, h.order_id FROM order_hold h JOIN orders o ON o.id = h.order_id
             JOIN user_account u ON u.id = o.buyer_id
            WHERE h.reason = 'account_frozen' AND h.released_at IS NULL AND u.state <> 'frozen'""",
    ),
)
