"""The one place where what a carrier says of a parcel becomes ours: for notice, question and person alike (ORD-07)."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from portal.db import insert_rows
from portal.gateways.carriers.base import CarrierEvent, TrackingReport
from portal.kit.tracking import TrackedKind
from portal.models import ShipmentEvent
from portal.rules.permissions import SYSTEM, Actor
from portal.rules.states import Machine
from portal.rules.tracking import Tracked, delivered_at, state_of
from portal.services.audit import AuditAction, Fact, record
from portal.services.fulfilment.follow_part import follow_part
from portal.services.history import Move, record_moves
from portal.services.outbox import Event, emit

# A parcel that nothing was heard of is asked about at growing distances, and not for ever.
ASK_FIRST, ASK_LATEST = timedelta(minutes=5), timedelta(hours=6)
ASK_FOR = timedelta(days=60)
# Carriers give numbers out again: what was said before the parcel left is of another one.
BEFORE = timedelta(days=2)
AHEAD = timedelta(days=1)
_BATCH = 200

_DUE = text("SELECT id FROM shipment WHERE ask_at <= :now ORDER BY ask_at LIMIT :batch")
_CLAIM = text(
    """
    UPDATE shipment SET asked = asked + 1,
           ask_at = CASE WHEN shipped_at > :since THEN
                         :now + least(CAST(:first AS interval) * power(2, least(asked, 12)), CAST(:latest AS interval))
                    END
     WHERE id = :id AND ask_at IS NOT NULL AND (ask_at <= :now OR asked = 0)
    RETURNING carrier, tracking_number
    """
)
_FOUND = text(
    """
    SELECT s.id, s.order_id FROM shipment s
     WHERE s.carrier = :carrier AND s.tracking_number = :number AND s.shipped_at > :since ORDER BY s.order_id, s.id
    """
)
_LOCK_ORDER = text("SELECT number, buyer_id, channel_id FROM orders WHERE id = :id FOR UPDATE")
_LOCK = text("SELECT id, part_id, store_id, status, shipped_at FROM shipment WHERE id = :id FOR UPDATE")
_EVENTS = text("SELECT kind, at FROM shipment_event WHERE shipment_id = :id")
_SET = text(
    """
    UPDATE shipment SET status = :status, delivered_at = :delivered_at, told_at = :now,
           expected_from = coalesce(:expected_from, expected_from),
           expected_until = coalesce(:expected_until, expected_until),
           ask_at = CASE WHEN :status = 'delivered' THEN NULL ELSE ask_at END
     WHERE id = :id
    """
)


@dataclass(frozen=True, slots=True)
class ClaimedParcel:
    """A parcel to ask about."""

    carrier: str
    number: str


def parcels_due(session: Session, *, now: datetime) -> list[uuid.UUID]:
    """Parcels that are to be asked about."""
    return list(session.scalars(_DUE, {"now": now, "batch": _BATCH}))


def claim_parcel(session: Session, *, shipment_id: uuid.UUID, now: datetime) -> ClaimedParcel | None:
    """Take a parcel for a question and set the time of the next one; None when it is not due any more."""
    values = {"id": shipment_id, "now": now, "since": now - ASK_FOR, "first": ASK_FIRST, "latest": ASK_LATEST}
    row = session.execute(_CLAIM, values).one_or_none()
    return ClaimedParcel(row.carrier, row.tracking_number) if row else None


def take_report(session: Session, *, report: TrackingReport, told_by: str, now: datetime) -> int:
    """Take what is said of all our parcels with this number; returns how many events were new.

    Safe any number of times and in any order: each event counts once, by the carrier's name for it.
    """
    values = {"carrier": report.carrier, "number": report.number, "since": now - ASK_FOR}
    new = 0
    for found in session.execute(_FOUND, values).all():
        new += apply_events(session, found.order_id, found.id, report, told_by=told_by, actor=SYSTEM, now=now)
    return new


def apply_events(
    session: Session,
    order_id: uuid.UUID,
    shipment_id: uuid.UUID,
    report: TrackingReport,
    *,
    told_by: str,
    actor: Actor,
    now: datetime,
) -> int:
    """Add events to one parcel and let it, its part and its order follow. Takes the order's lock first."""
    order = session.execute(_LOCK_ORDER, {"id": order_id}).one()
    parcel = session.execute(_LOCK, {"id": shipment_id}).one()
    fit = [one for one in report.events if parcel.shipped_at - BEFORE <= one.at <= now + AHEAD]
    before = session.execute(_EVENTS, {"id": shipment_id}).all()
    insert_rows(
        session, ShipmentEvent, [_row(shipment_id, one, told_by, now) for one in fit], once=("shipment_id", "ref")
    )
    events = session.execute(_EVENTS, {"id": shipment_id}).all()
    tracked = [Tracked(TrackedKind(event.kind), event.at) for event in events]
    status = state_of(tracked)
    session.execute(
        _SET,
        {
            "id": shipment_id,
            "status": status.value,
            "delivered_at": delivered_at(tracked),
            "now": now,
            "expected_from": report.expected_from,
            "expected_until": report.expected_until,
        },
    )
    if status.value != parcel.status:
        _move(session, order_id, order, parcel, status.value, told_by, actor, now)
    return len(events) - len(before)


def _row(shipment_id: uuid.UUID, event: CarrierEvent, told_by: str, now: datetime) -> dict[str, Any]:
    return {
        "shipment_id": shipment_id,
        "ref": event.ref,
        "kind": event.kind.value,
        "at": event.at,
        "place": event.place or None,
        "told_by": told_by,
        "received_at": now,
    }


def _move(
    session: Session,
    order_id: uuid.UUID,
    order: Row[Any],
    parcel: Row[Any],
    status: str,
    told_by: str,
    actor: Actor,
    now: datetime,
) -> None:
    move = Move(Machine.SHIPMENT, parcel.id, parcel.status, status, order_id, told_by)
    record_moves(session, move, actor=actor, now=now)
    ref = f"shipment:{parcel.id}"
    fact = Fact(AuditAction.SHIPMENT_MOVED, ref, {"status": parcel.status}, {"status": status, "told_by": told_by})
    record(session, fact, actor=actor, now=now)
    part_status = follow_part(session, part_id=parcel.part_id, actor=actor, now=now)
    payload = {
        "shipment": str(parcel.id),
        "part": str(parcel.part_id),
        "store": parcel.store_id,
        "number": order.number,
        "state": status,
        "part_state": part_status,
    }
    emit(session, Event("shipment.moved", f"order:{order_id}", payload, order.channel_id, order.buyer_id), now=now)
