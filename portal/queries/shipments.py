"""Parcels with what is in them and what their carriers said."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from portal.rules.carriers import CARRIERS


@dataclass(frozen=True, slots=True)
class ParcelLine:
    """Units of a line in a parcel."""

    line_id: uuid.UUID
    sku: str
    name: Mapping[str, str]
    quantity: int


@dataclass(frozen=True, slots=True)
class ParcelEvent:
    """What a carrier said, at its own time."""

    kind: str
    at: datetime
    place: str


@dataclass(frozen=True, slots=True)
class ShipmentView:
    """A parcel; events the newest first."""

    id: uuid.UUID
    order_id: uuid.UUID
    part_id: uuid.UUID
    store_id: int
    carrier: str
    tracking_number: str
    status: str
    source: str
    shipped_at: datetime
    expected_from: datetime | None
    expected_until: datetime | None
    delivered_at: datetime | None
    lines: tuple[ParcelLine, ...]
    events: tuple[ParcelEvent, ...]

    @property
    def carrier_name(self) -> str:
        found = CARRIERS.get(self.carrier)
        return found.name if found else self.carrier

    @property
    def is_tracked(self) -> bool:
        found = CARRIERS.get(self.carrier)
        return found is not None and found.is_tracked


_COLUMNS = """
    SELECT s.id, s.order_id, s.part_id, s.store_id, s.carrier, s.tracking_number, s.status, s.source, s.shipped_at,
           s.expected_from, s.expected_until, s.delivered_at,
           coalesce(
             (SELECT jsonb_agg(jsonb_build_array(l.id, l.sku, l.name, x.quantity) ORDER BY l.position)
                FROM shipment_line x JOIN order_line l ON l.id = x.line_id WHERE x.shipment_id = s.id),
             (SELECT jsonb_agg(jsonb_build_array(u.line_id, v.sku, l.name, u.units) ORDER BY l.position)
                FROM (SELECT r.line_id, r.variant_id, count(*) AS units FROM goods_return g
                        JOIN return_unit r ON r.return_id = g.id AND r.state = 'accepted'
                       WHERE g.replacement_id = s.id GROUP BY 1, 2) u
                JOIN variant v ON v.id = u.variant_id JOIN order_line l ON l.id = u.line_id)) AS lines,
           (SELECT jsonb_agg(jsonb_build_array(e.kind, e.at, coalesce(e.place, '')) ORDER BY e.at DESC, e.id DESC)
              FROM shipment_event e WHERE e.shipment_id = s.id) AS events
      FROM shipment s
"""
_OF_ORDER = text(_COLUMNS + " WHERE s.order_id = :id ORDER BY s.shipped_at, s.id")
_OF_PART = text(_COLUMNS + " WHERE s.part_id = :id ORDER BY s.shipped_at, s.id")
_ONE = text(_COLUMNS + " WHERE s.id = :id AND s.store_id = ANY(:stores)")
_LAST_CARRIER = text("SELECT carrier FROM shipment WHERE store_id = :store_id ORDER BY shipped_at DESC LIMIT 1")


def shipments_of_order(session: Session, *, order_id: uuid.UUID) -> tuple[ShipmentView, ...]:
    """The parcels of an order, the first one first."""
    return tuple(_view(row) for row in session.execute(_OF_ORDER, {"id": order_id}))


def shipments_of_part(session: Session, *, part_id: uuid.UUID) -> tuple[ShipmentView, ...]:
    """The parcels of a part, the first one first."""
    return tuple(_view(row) for row in session.execute(_OF_PART, {"id": part_id}))


def load_shipment(session: Session, *, shipment_id: uuid.UUID, store_ids: Collection[int]) -> ShipmentView | None:
    """A parcel of one of these stores; None for another's."""
    row = session.execute(_ONE, {"id": shipment_id, "stores": list(store_ids)}).one_or_none()
    return _view(row) if row else None


def last_carrier(session: Session, *, store_id: int) -> str | None:
    """The carrier with whom the store sent last; most stores have one."""
    found: str | None = session.scalar(_LAST_CARRIER, {"store_id": store_id})
    return found


def _view(row: Row[Any]) -> ShipmentView:
    return ShipmentView(
        id=row.id,
        order_id=row.order_id,
        part_id=row.part_id,
        store_id=row.store_id,
        carrier=row.carrier,
        tracking_number=row.tracking_number,
        status=row.status,
        source=row.source,
        shipped_at=row.shipped_at,
        expected_from=row.expected_from,
        expected_until=row.expected_until,
        delivered_at=row.delivered_at,
        lines=tuple(ParcelLine(uuid.UUID(one[0]), one[1], one[2], one[3]) for one in row.lines or ()),
        events=tuple(ParcelEvent(kind, datetime.fromisoformat(at), place) for kind, at, place in row.events or ()),
    )
