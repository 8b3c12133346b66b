"""Labels of carriers as a store sees and prints them, and how far a run of many is (ORD-003)."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from portal.kit import clock
from portal.models import Order
from portal.queries.store_order import address_of, shares_with
from portal.rules.carriers import CARRIERS

PRINTED_MAX = 200


@dataclass(frozen=True, slots=True)
class LabelLine:
    """Pieces that go into the parcel."""

    sku: str
    name: Mapping[str, str]
    options: Sequence[Mapping[str, Any]]
    pieces: int


@dataclass(frozen=True, slots=True)
class LabelView:
    """A label. `address` is where the order goes now; `is_on_hold` says that nothing of its part may leave."""

    id: uuid.UUID
    part_id: uuid.UUID
    store_id: int
    order: str
    store: Mapping[str, str]
    carrier: str
    status: str
    problem: str | None
    tracking_number: str | None
    is_stale: bool
    is_on_hold: bool
    made_at: datetime
    address: Mapping[str, str]
    lines: tuple[LabelLine, ...]
    units: Mapping[str, int]

    @property
    def carrier_name(self) -> str:
        return CARRIERS[self.carrier].name

    @property
    def is_under_way(self) -> bool:
        """The carrier has still to answer."""
        return self.status in {"wanted", "sent", "unknown", "voiding"}

    @property
    def can_print(self) -> bool:
        return self.status == "bought" and bool(self.address) and not self.is_stale and not self.is_on_hold

    @property
    def can_void(self) -> bool:
        return self.status in {"wanted", "bought"}


_LABELS = """
    SELECT s.id, s.part_id, s.store_id, o.number AS order_number, t.name AS store, s.carrier, s.status, s.problem,
           s.tracking_number, s.is_stale, s.made_at, s.units, o.address, o.channel_id, t.country,
           p.status = 'held' OR EXISTS (SELECT FROM order_hold h WHERE h.part_id = p.id AND h.released_at IS NULL)
               AS is_on_hold,
           (SELECT jsonb_agg(jsonb_build_array(l.sku, l.name, l.options, u.value::integer) ORDER BY l.position)
              FROM jsonb_each_text(s.units) u JOIN order_line l ON l.id = u.key::uuid) AS lines
      FROM shipping_label s JOIN order_part p ON p.id = s.part_id JOIN orders o ON o.id = s.order_id
      JOIN store t ON t.id = s.store_id
"""
# One that was called off before its carrier was asked never was.
_OF_PART = text(
    _LABELS
    + " WHERE s.part_id = :id AND NOT (s.status = 'voided' AND s.tracking_number IS NULL) ORDER BY s.made_at, s.id"
).columns(address=Order.address.type)
_ONE = text(_LABELS + " WHERE s.id = :id AND s.store_id = ANY(:stores)").columns(address=Order.address.type)
_OF_RUN = text(
    _LABELS + " WHERE s.run_id = :id AND s.store_id = ANY(:stores) ORDER BY s.made_at, s.id LIMIT :limit"
).columns(address=Order.address.type)
_COUNTS = text(
    """
    SELECT count(*) FILTER (WHERE status IN ('wanted', 'sent', 'unknown')) AS open,
           count(*) FILTER (WHERE status IN ('bought', 'used')) AS bought FROM shipping_label WHERE run_id = :id
    """
)
_FAILED = text(
    """
    SELECT s.part_id, o.number, s.problem FROM shipping_label s JOIN orders o ON o.id = s.order_id
     WHERE s.run_id = :id AND s.status = 'failed' ORDER BY o.number LIMIT :limit
    """
)


@dataclass(frozen=True, slots=True)
class RunLabels:
    """How many labels of a run the carrier has still to answer about, how many are bought, and which were refused."""

    open: int
    bought: int
    failed: Sequence[tuple[uuid.UUID, str, str]]


def labels_of_part(session: Session, *, part_id: uuid.UUID) -> tuple[LabelView, ...]:
    """The labels of a part, the oldest first."""
    return tuple(_view(session, row) for row in session.execute(_OF_PART, {"id": part_id}))


def load_label(session: Session, *, label_id: uuid.UUID, store_ids: Collection[int]) -> LabelView | None:
    """A label of one of these stores; None for another's."""
    row = session.execute(_ONE, {"id": label_id, "stores": list(store_ids)}).one_or_none()
    return _view(session, row) if row else None


def labels_of_run(session: Session, *, run_id: uuid.UUID, store_ids: Collection[int]) -> tuple[LabelView, ...]:
    """The labels of a run, at most PRINTED_MAX."""
    values = {"id": run_id, "stores": list(store_ids), "limit": PRINTED_MAX}
    return tuple(_view(session, row) for row in session.execute(_OF_RUN, values))


def count_run(session: Session, *, run_id: uuid.UUID) -> RunLabels:
    """How far the labels of a run are."""
    counts = session.execute(_COUNTS, {"id": run_id}).one()
    failed = session.execute(_FAILED, {"id": run_id, "limit": PRINTED_MAX})
    return RunLabels(counts.open, counts.bought, [(row.part_id, row.number, row.problem or "") for row in failed])


def _view(session: Session, row: Row[Any]) -> LabelView:
    is_shared = shares_with(session, row.channel_id, row.country, clock.now())
    return LabelView(
        id=row.id,
        part_id=row.part_id,
        store_id=row.store_id,
        order=row.order_number,
        store=row.store,
        carrier=row.carrier,
        status=row.status,
        problem=row.problem,
        tracking_number=row.tracking_number,
        is_stale=row.is_stale,
        is_on_hold=row.is_on_hold,
        made_at=row.made_at,
        address=address_of(row.address) if is_shared else {},
        lines=tuple(LabelLine(*line) for line in row.lines or ()),
        units=row.units,
    )
