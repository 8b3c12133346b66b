"""What a buyer has asked back of a store's part and the store has not answered (REF-01)."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.orm import Session


@dataclass(frozen=True, slots=True)
class OpenRequest:
    """A request that waits for the store; `lines` are names and pieces."""

    id: uuid.UUID
    requested_at: datetime
    due_at: datetime | None
    lines: Sequence[tuple[Mapping[str, str], int]]


_OPEN = text(
    """
    SELECT f.id, f.requested_at, f.due_at, jsonb_agg(jsonb_build_array(l.name, r.quantity) ORDER BY l.position) AS lines
      FROM refund f
      JOIN refund_approval a ON a.refund_id = f.id AND a.store_id = :store_id AND a.state = 'waiting'
      JOIN refund_line r ON r.refund_id = f.id JOIN order_line l ON l.id = r.line_id AND l.part_id = :part_id
     WHERE f.order_id = :order_id AND f.status = 'requested'
     GROUP BY f.id ORDER BY f.requested_at
    """
)


def open_requests(
    session: Session, *, order_id: uuid.UUID, part_id: uuid.UUID, store_id: int
) -> tuple[OpenRequest, ...]:
    """The requests about a part that wait for its store, the oldest first."""
    rows = session.execute(_OPEN, {"order_id": order_id, "part_id": part_id, "store_id": store_id})
    return tuple(
        OpenRequest(row.id, row.requested_at, row.due_at, [(name, count) for name, count in row.lines]) for row in rows
    )
