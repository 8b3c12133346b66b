"""Open holds, for desks and for whoever pays sellers out."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.orm import Session

from portal.crypto import EncryptedText


@dataclass(frozen=True, slots=True)
class OpenHold:
    """Why a part does not go on. `placed_by` is a name, or empty for what no person did."""

    id: uuid.UUID
    part_id: uuid.UUID
    store_id: int
    store_name: Mapping[str, str]
    kind: str
    reason: str
    note: str
    placed_by: str
    placed_at: datetime


_OF_ORDER = text(
    """
    SELECT h.id, h.part_id, p.store_id, s.name AS store_name, h.kind, h.reason, coalesce(h.note, '') AS note,
           u.name AS placed_by, h.placed_at
      FROM order_hold h JOIN order_part p ON p.id = h.part_id JOIN store s ON s.id = p.store_id
      LEFT JOIN user_account u ON u.id = CASE WHEN h.placed_by LIKE 'user:%' THEN substr(h.placed_by, 6)::uuid END
     WHERE h.order_id = :order_id AND h.released_at IS NULL AND p.status <> 'cancelled'
     ORDER BY p.position, h.placed_at, h.id
    """
).columns(placed_by=EncryptedText("user_account.name"))


def holds_of_order(session: Session, *, order_id: uuid.UUID) -> tuple[OpenHold, ...]:
    """What holds parts of an order now."""
    rows = session.execute(_OF_ORDER, {"order_id": order_id})
    return tuple(
        OpenHold(
            row.id,
            row.part_id,
            row.store_id,
            row.store_name,
            row.kind,
            row.reason,
            row.note,
            row.placed_by or "",
            row.placed_at,
        )
        for row in rows
    )
