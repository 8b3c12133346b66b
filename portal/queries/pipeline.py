"""Where all parts of orders stand, which steps are late, and how well carriers do (ORD-11)."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import text
from sqlalchemy.orm import Session

from portal.rules.carriers import CARRIERS

# What carriers did in this time is what their figures are of.
CARRIERS_OF = timedelta(days=30)
LATE_SHOWN = 50
# Whatever was sent before that is no parcel any more that somebody looks for.
TROUBLE_OF = timedelta(days=90)


@dataclass(frozen=True, slots=True)
class StageCount:
    """Parts in a state: how many, since when the oldest is, and how many of them are late or held."""

    status: str
    parts: int
    since: datetime
    late: int


@dataclass(frozen=True, slots=True)
class LatePart:
    """A part whose step should have been done."""

    part_id: uuid.UUID
    number: str
    store_name: Mapping[str, str]
    status: str
    step: str
    due_at: datetime


@dataclass(frozen=True, slots=True)
class TroubledParcel:
    """A parcel that is late, damaged or lost, and since when."""

    number: str
    store_name: Mapping[str, str]
    carrier: str
    tracking_number: str
    status: str
    since: datetime
    expected_until: datetime | None

    @property
    def carrier_name(self) -> str:
        found = CARRIERS.get(self.carrier)
        return found.name if found else self.carrier


@dataclass(frozen=True, slots=True)
class CarrierFigures:
    """A carrier's parcels: how many, arrived, of those in time, hours on the way on average, and trouble."""

    carrier: str
    parcels: int
    arrived: int
    in_time: int
    hours: int | None
    delayed: int
    damaged: int
    lost: int

    @property
    def name(self) -> str:
        found = CARRIERS.get(self.carrier)
        return found.name if found else self.carrier

    @property
    def in_time_basis_points(self) -> int | None:
        """Of what has arrived; None while nothing has."""
        return self.in_time * 10_000 // self.arrived if self.arrived else None


_STAGES = text(
    """
    SELECT p.status, count(*) AS parts, min(coalesce(p.shipped_at, p.released_at, p.placed_at)) AS since,
           count(*) FILTER (WHERE p.status = 'released' AND p.accept_by <= :now
                               OR p.status IN ('released', 'accepted', 'packed') AND p.ship_by <= :now
                               OR p.status IN ('released', 'accepted', 'packed', 'shipped')
                                  AND p.deliver_until <= :now) AS late
      FROM order_part p
     WHERE p.status IN ('held', 'released', 'accepted', 'packed', 'shipped', 'returning')
       -- Nothing but what is held belongs to an order that nobody has paid yet.
       AND (p.status <> 'held' OR (SELECT o.status FROM orders o WHERE o.id = p.order_id) <> 'pending')
     GROUP BY p.status
    """
)
_LATE = text(
    """
    SELECT p.id, o.number, s.name AS store_name, p.status, d.step, d.due_at
      FROM part_deadline d JOIN order_part p ON p.id = d.part_id JOIN orders o ON o.id = p.order_id
      JOIN store s ON s.id = p.store_id
     WHERE d.missed_at IS NOT NULL
       AND (d.step = 'accept' AND p.status = 'released'
            OR d.step = 'ship' AND p.status IN ('released', 'accepted', 'packed')
            OR d.step = 'deliver' AND p.status IN ('released', 'accepted', 'packed', 'shipped'))
     ORDER BY d.due_at, p.id LIMIT :limit
    """
)
_CARRIERS = text(
    """
    WITH trouble AS (
        SELECT s.carrier, count(DISTINCT s.id) FILTER (WHERE x.kind = 'delayed') AS delayed,
               count(DISTINCT s.id) FILTER (WHERE x.kind = 'damaged') AS damaged
          FROM shipment_event x JOIN shipment s ON s.id = x.shipment_id
         WHERE x.kind IN ('delayed', 'damaged') AND x.at > :since AND s.shipped_at > :since GROUP BY s.carrier
    )
    SELECT s.carrier, count(*) AS parcels, count(s.delivered_at) AS arrived,
           -- What the buyer was promised counts where the carrier said nothing.
           count(*) FILTER (WHERE s.delivered_at <= coalesce(s.expected_until, s.promised_until, s.delivered_at))
               AS in_time,
           (extract(epoch FROM avg(s.delivered_at - s.shipped_at)) / 3600)::integer AS hours,
           coalesce(max(t.delayed), 0) AS delayed, coalesce(max(t.damaged), 0) AS damaged,
           count(*) FILTER (WHERE s.status = 'lost') AS lost
      FROM shipment s LEFT JOIN trouble t USING (carrier)
     WHERE s.shipped_at > :since
     GROUP BY s.carrier ORDER BY count(*) DESC, s.carrier
    """
)
_TROUBLE = text(
    """
    SELECT o.number, t.name AS store_name, s.carrier, s.tracking_number, s.status,
           coalesce((SELECT max(e.at) FROM shipment_event e WHERE e.shipment_id = s.id AND e.kind = s.status),
                    s.shipped_at) AS since, s.expected_until
      FROM shipment s JOIN orders o ON o.id = s.order_id JOIN store t ON t.id = s.store_id
     WHERE s.status IN ('delayed', 'damaged', 'lost') AND s.shipped_at > :since
     ORDER BY s.shipped_at, s.id LIMIT :limit
    """
)
ORDER = ("held", "released", "accepted", "packed", "shipped", "returning")


def load_stages(session: Session, *, now: datetime) -> tuple[StageCount, ...]:
    """The states that parts pass through, in their order; without those in which there is none."""
    found = {row.status: StageCount(*row) for row in session.execute(_STAGES, {"now": now})}
    return tuple(found[status] for status in ORDER if status in found)


def late_parts(session: Session) -> tuple[LatePart, ...]:
    """Steps that were missed and are still open, the longest overdue first."""
    return tuple(LatePart(*row) for row in session.execute(_LATE, {"limit": LATE_SHOWN}))


def troubled_parcels(session: Session, *, now: datetime) -> tuple[TroubledParcel, ...]:
    """Parcels that are late, damaged or lost, the longest on their way first."""
    values = {"since": now - TROUBLE_OF, "limit": LATE_SHOWN}
    return tuple(TroubledParcel(*row) for row in session.execute(_TROUBLE, values))


def carrier_figures(session: Session, *, now: datetime) -> tuple[CarrierFigures, ...]:
    """How each carrier did, the most used first."""
    return tuple(CarrierFigures(*row) for row in session.execute(_CARRIERS, {"since": now - CARRIERS_OF}))
