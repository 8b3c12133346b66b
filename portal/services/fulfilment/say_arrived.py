"""A person says that a parcel has arrived: where the store brings it itself, or its carrier forgot to."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.gateways.carriers.base import CarrierEvent, TrackingReport
from portal.kit.errors import PortalError
from portal.kit.text import N_
from portal.kit.tracking import TrackedKind
from portal.models import Shipment
from portal.rules.carriers import CARRIERS
from portal.rules.permissions import Actor, Permission, may
from portal.services.audit import label
from portal.services.fulfilment.take_report import apply_events


class ParcelUnknownError(PortalError):
    """There is no such parcel, or it is another store's: one answer for both."""

    code = "parcel_unknown"
    status = 404
    sentence = N_("There is no such parcel.")


class CarrierTellsError(PortalError):
    """The carrier says when it has arrived, not the store whose money depends on it."""

    code = "carrier_tells"
    status = 409
    sentence = N_("Its carrier says when this parcel has arrived. If it does not, ask the mall to correct it.")


def say_arrived(session: Session, *, shipment_id: uuid.UUID, actor: Actor, now: datetime) -> None:
    """Note that a parcel has arrived now. Stores do for what they bring themselves, administrators for any.

    Saying it twice changes nothing. Raises ParcelUnknownError, CarrierTellsError.
    """
    parcel = session.execute(
        select(Shipment.order_id, Shipment.store_id, Shipment.carrier, Shipment.tracking_number).where(
            Shipment.id == shipment_id
        )
    ).one_or_none()
    if parcel is None or not may(actor, Permission.STORE_ORDER_FULFIL, store_id=parcel.store_id):
        raise ParcelUnknownError
    carrier = CARRIERS.get(parcel.carrier)
    # For anybody's orders, not only for those one bought.
    is_mall = may(actor, Permission.ORDER_EDIT, store_id=parcel.store_id)
    if not is_mall and (carrier is None or carrier.is_tracked):
        raise CarrierTellsError
    event = CarrierEvent(f"person:{label(actor)}", TrackedKind.DELIVERED, now, "")
    report = TrackingReport(parcel.carrier, parcel.tracking_number, (event,))
    apply_events(session, parcel.order_id, shipment_id, report, told_by=label(actor), actor=actor, now=now)
