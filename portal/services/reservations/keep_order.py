"""Keep what an order has reserved until its money may still come (PAY-16)."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.orm import Session

_KEEP = text(
    """
    WITH kept AS (
        UPDATE orders SET expires_at = :until WHERE id = :order_id AND status = 'pending' AND expires_at < :until
        RETURNING id
    ), stock AS (
        UPDATE reservation r SET expires_at = :until FROM kept WHERE r.order_id = kept.id AND r.expires_at < :until
    )
    UPDATE ledger_hold h SET expires_at = :until FROM kept WHERE h.order_id = kept.id AND h.expires_at < :until
    """
)


def keep_order(session: Session, *, order_id: uuid.UUID, until: datetime) -> None:
    """Let a pending order live until then at least; what it holds with it. The caller has locked the order."""
    session.execute(_KEEP, {"order_id": order_id, "until": until})
