"""Runs over many parts as their page shows them, and what a file of parcels means in a store."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session


@dataclass(frozen=True, slots=True)
class RunView:
    """How far a run is, and what stayed as it was."""

    id: uuid.UUID
    store_id: int
    kind: str
    total: int
    done: int
    failed: Sequence[Mapping[str, Any]]
    created_at: datetime

    @property
    def is_over(self) -> bool:
        return self.done >= self.total

    @property
    def worked(self) -> int:
        return self.done - len(self.failed)


@dataclass(frozen=True, slots=True)
class StorePart:
    """A part by its order's number, with its lines and what is left to send by SKU.

    `parcels` are those that left, each as carrier:number.
    """

    id: uuid.UUID
    number: str
    status: str
    is_on_hold: bool
    lines: Mapping[str, uuid.UUID]
    left: Mapping[str, int]
    parcels: frozenset[str]


_RUN = text(
    """
    SELECT id, store_id, kind, total, done, failed, created_at FROM bulk_run
     WHERE id = :id AND store_id = ANY(:stores)
    """
)
_PARTS = text(
    """
    SELECT p.id, o.number, p.status,
           EXISTS (SELECT FROM order_hold h WHERE h.part_id = p.id AND h.released_at IS NULL) AS is_on_hold,
           (SELECT jsonb_object_agg(l.sku, l.id) FROM order_line l WHERE l.part_id = p.id) AS lines,
           (SELECT jsonb_object_agg(l.sku, l.quantity - l.refunded_quantity - l.shipped_quantity)
              FROM order_line l WHERE l.part_id = p.id) AS left,
           ARRAY(SELECT s.carrier || ':' || s.tracking_number FROM shipment s WHERE s.part_id = p.id) AS parcels
      FROM order_part p JOIN orders o ON o.id = p.order_id
     WHERE p.store_id = :store_id AND o.number = ANY(:numbers) AND p.released_at IS NOT NULL
    """
)
_TO_SEND = text(
    """
    SELECT o.number, l.sku, l.name, l.quantity - l.refunded_quantity - l.shipped_quantity AS left
      FROM order_part p JOIN orders o ON o.id = p.order_id JOIN order_line l ON l.part_id = p.id
     WHERE p.store_id = :store_id AND p.status IN ('released', 'accepted', 'packed')
       AND l.quantity > l.refunded_quantity + l.shipped_quantity
     ORDER BY p.ship_by, o.number, l.position LIMIT :limit
    """
)


def load_run(session: Session, *, run_id: uuid.UUID, store_ids: Collection[int]) -> RunView | None:
    """A run of one of these stores; None for another's."""
    row = session.execute(_RUN, {"id": run_id, "stores": list(store_ids)}).one_or_none()
    return RunView(*row) if row else None


def parts_by_number(session: Session, *, store_id: int, numbers: Collection[str]) -> dict[str, StorePart]:
    """The store's parts of these orders; what is another's is as if it were not there."""
    rows = session.execute(_PARTS, {"store_id": store_id, "numbers": sorted(set(numbers))})
    return {
        row.number: StorePart(
            row.id,
            row.number,
            row.status,
            row.is_on_hold,
            {sku: uuid.UUID(line) for sku, line in row.lines.items()},
            row.left,
            frozenset(row.parcels),
        )
        for row in rows
    }


def goods_to_send(session: Session, *, store_id: int, limit: int) -> Sequence[tuple[str, str, Mapping[str, str], int]]:
    """What a store has still to send: order, SKU, name and pieces, the most urgent first."""
    rows = session.execute(_TO_SEND, {"store_id": store_id, "limit": limit})
    return [(row.number, row.sku, row.name, row.left) for row in rows]
