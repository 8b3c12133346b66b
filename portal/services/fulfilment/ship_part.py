"""Send a parcel: units of a seller's part leave with a carrier under a number (ORD-003)."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any, Literal

from sqlalchemy import Row, text, update
from sqlalchemy.orm import Session

from portal.db import insert_rows
from portal.kit.errors import PortalError
from portal.kit.ids import new_id
from portal.kit.text import N_
from portal.models import OrderPart, Shipment, ShipmentLine
from portal.models.order import TO_SEND
from portal.queries.parcel_numbers import taken_numbers
from portal.rules.carriers import find_carrier, read_number
from portal.rules.permissions import Actor
from portal.rules.states import Machine
from portal.services.audit import AuditAction, Fact, label, record
from portal.services.fulfilment.follow_part import follow_part
from portal.services.fulfilment.lock_part import LockedPart, lock_part, refuse_to_go_on
from portal.services.history import Move, record_moves
from portal.services.orders.part_changes import PartChangedError
from portal.services.outbox import Event, emit

Source = Literal["page", "csv", "api"]
# A carrier knows a number at the earliest when the parcel has been scanned.
ASK_AFTER = timedelta(minutes=5)


class NothingToShipError(PortalError):
    """All of it is sent already, or it was cancelled or given back."""

    code = "nothing_to_ship"
    status = 409
    sentence = N_("Nothing is left to send of this order: it was sent, cancelled or given back.")


class ParcelUnitsError(PortalError):
    """More units than are left, none at all, or of a line that is not in this part."""

    code = "parcel_units"
    sentence = N_("Of %(sku)s at most %(left)s can go into this parcel.")


class ParcelEmptyError(PortalError):
    code = "parcel_empty"
    sentence = N_("Choose at least one piece for the parcel.")


class ParcelLineUnknownError(PortalError):
    code = "parcel_line_unknown"
    sentence = N_("“%(sku)s” is not in this order.")


class ParcelExistsError(PortalError):
    """The number stands on another parcel of the same order already."""

    code = "parcel_exists"
    status = 409
    sentence = N_("A parcel of this order has the number %(number)s already, with other contents.")


class ParcelNumberTakenError(PortalError):
    """A label scanned twice, or a number borrowed from a parcel that arrives anyway."""

    code = "parcel_number_taken"
    status = 409
    sentence = N_("The number %(number)s is on a parcel to another buyer already. Look at the label again.")


class LabelUnfitError(PortalError):
    """The number is that of a label for another order or address, or of one that was given back."""

    code = "label_unfit"
    status = 409
    sentence = N_("The label %(number)s is for another order or address, or was voided. Buy a new one.")


@dataclass(frozen=True, slots=True)
class Parcel:
    """A parcel as a seller tells of it: carrier and number as typed; `units` by line, None for all that is left."""

    carrier: str
    number: str
    units: Mapping[uuid.UUID, int] | None = None


@dataclass(frozen=True, slots=True)
class Shipped:
    """A parcel that left. `is_repeat` says that it had been told of before: nothing happened twice."""

    shipment_id: uuid.UUID
    part_status: str
    is_repeat: bool = False


_LINES = text(
    """
    SELECT id, sku, quantity - refunded_quantity - shipped_quantity AS left, quantity
      FROM order_line WHERE part_id = :part_id ORDER BY position
    """
)
_TWIN = text(
    """
    SELECT s.id, jsonb_object_agg(l.line_id, l.quantity) AS units
      FROM shipment s JOIN shipment_line l ON l.shipment_id = s.id
     WHERE s.part_id = :part_id AND s.carrier = :carrier AND s.tracking_number = :number GROUP BY s.id
    """
)
_SENT = text(
    """
    UPDATE order_line l SET shipped_quantity = l.shipped_quantity + w.units
      FROM unnest(CAST(:lines AS uuid[]), CAST(:units AS integer[])) AS w (id, units) WHERE l.id = w.id
    """
)


_LABEL = text(
    """
    SELECT id, part_id, status, is_stale FROM shipping_label
     WHERE carrier = :carrier AND tracking_number = :number FOR UPDATE
    """
)
_USE_LABEL = text("UPDATE shipping_label SET status = 'used', shipment_id = :shipment_id WHERE id = :id")


def ship_part(
    session: Session,
    *,
    part_id: uuid.UUID,
    parcel: Parcel,
    source: Source,
    actor: Actor,
    now: datetime,
    version: int | None = None,
) -> Shipped:
    """Write a parcel. The buyer hears of it after commit; the part is sent when all its units are.

    The same parcel told of again is a repeat. Raises CarrierUnknownError, TrackingNumberError, PartUnknownError,
    PartChangedError, PartOnHoldError, PartNotPaidError, NothingToShipError, ParcelUnitsError, ParcelEmptyError,
    ParcelLineUnknownError, ParcelExistsError, ParcelNumberTakenError, LabelUnfitError; then nothing was written.
    """
    carrier = find_carrier(parcel.carrier)
    number = read_number(carrier, parcel.number)
    changed = None
    try:
        part = lock_part(session, part_id=part_id, actor=actor, version=version)
    except PartChangedError as error:
        part, changed = lock_part(session, part_id=part_id, actor=actor), error
    twin = session.execute(_TWIN, {"part_id": part_id, "carrier": carrier.code, "number": number}).one_or_none()
    if twin is not None:
        return _repeat(twin, part, parcel, number)
    if changed is not None:
        raise changed
    refuse_to_go_on(session, part)
    if part.status not in TO_SEND:
        raise NothingToShipError
    units = choose_units(session, part_id, parcel.units)
    used_label = _label_of(session, part_id, carrier.code, number)
    if taken_numbers(session, [(part_id, carrier.code, number)], now=now):
        raise ParcelNumberTakenError(number=number)
    shipment_id = new_id()
    insert_rows(
        session,
        Shipment,
        [
            {
                "id": shipment_id,
                "order_id": part.order_id,
                "part_id": part_id,
                "store_id": part.store_id,
                "carrier": carrier.code,
                "tracking_number": number,
                "status": "sent",
                "source": source,
                "shipped_by": label(actor),
                "shipped_at": now,
                "promised_until": part.deliver_until,
                "ask_at": now + ASK_AFTER if carrier.is_tracked else None,
            }
        ],
    )
    rows = [{"shipment_id": shipment_id, "line_id": line, "quantity": count} for line, count in units.items()]
    insert_rows(session, ShipmentLine, rows)
    session.execute(_SENT, {"lines": list(units), "units": list(units.values())})
    moves = [Move(Machine.SHIPMENT, shipment_id, None, "sent", part.order_id)]
    if used_label is not None:
        session.execute(_USE_LABEL, {"id": used_label, "shipment_id": shipment_id})
        moves.append(Move(Machine.LABEL, used_label, "bought", "used", part.order_id))
    record_moves(session, *moves, actor=actor, now=now)
    status = follow_part(session, part_id=part_id, actor=actor, now=now)
    if status == part.status:
        session.execute(update(OrderPart).where(OrderPart.id == part_id).values(version=OrderPart.version + 1))
    _tell(session, part, shipment_id, carrier.code, number, units, source, actor, now)
    return Shipped(shipment_id, status)


def _repeat(twin: Row[Any], part: LockedPart, parcel: Parcel, number: str) -> Shipped:
    known = {uuid.UUID(line): count for line, count in twin.units.items()}
    wanted = {line: count for line, count in (parcel.units or {}).items() if count}
    if parcel.units is not None and wanted != known:
        raise ParcelExistsError(number=number)
    return Shipped(twin.id, part.status, is_repeat=True)


def choose_units(
    session: Session,
    part_id: uuid.UUID,
    wanted: Mapping[uuid.UUID, int] | None,
    taken: Mapping[uuid.UUID, int] = MappingProxyType({}),
) -> dict[uuid.UUID, int]:
    """Pieces of a locked part by line: those wanted, or all that are left and not `taken`. Raises as ship_part."""
    lines = session.execute(_LINES, {"part_id": part_id}).all()
    left = {line.id: line.left - taken.get(line.id, 0) for line in lines if line.left > taken.get(line.id, 0)}
    if not left:
        raise NothingToShipError
    if wanted is None:
        return left
    skus = {line.id: line.sku for line in lines}
    chosen = {line: count for line, count in wanted.items() if count}
    if not chosen:
        raise ParcelEmptyError
    for line, count in chosen.items():
        if line not in skus:
            raise ParcelLineUnknownError(sku=str(line))
        if not 0 < count <= left.get(line, 0):
            raise ParcelUnitsError(sku=skus[line], left=left.get(line, 0))
    return chosen


def _label_of(session: Session, part_id: uuid.UUID, carrier: str, number: str) -> uuid.UUID | None:
    """The bought label with this number, if it is one of ours."""
    row = session.execute(_LABEL, {"carrier": carrier, "number": number}).one_or_none()
    if row is None:
        return None
    if row.part_id != part_id or row.status != "bought" or row.is_stale:
        raise LabelUnfitError(number=number)
    found: uuid.UUID = row.id
    return found


def _tell(
    session: Session,
    part: LockedPart,
    shipment_id: uuid.UUID,
    carrier: str,
    number: str,
    units: Mapping[uuid.UUID, int],
    source: Source,
    actor: Actor,
    now: datetime,
) -> None:
    after = {"part": str(part.id), "carrier": carrier, "number": number, "units": sum(units.values()), "by": source}
    record(session, Fact(AuditAction.SHIPMENT_SENT, f"shipment:{shipment_id}", after=after), actor=actor, now=now)
    emit(
        session,
        Event(
            "shipment.sent",
            f"order:{part.order_id}",
            {"shipment": str(shipment_id), "part": str(part.id), "store": part.store_id, "number": part.number},
            channel_id=part.channel_id,
            profile_id=part.buyer_id,
        ),
        now=now,
    )
