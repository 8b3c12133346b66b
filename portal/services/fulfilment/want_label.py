"""Want a label of a carrier for units of a part, and want one back (ORD-003). What holds a part holds its labels."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from portal.kit.errors import PortalError
from portal.kit.text import N_
from portal.models import ShippingLabel
from portal.models.order import TO_SEND
from portal.rules.carriers import Carrier, find_carrier
from portal.rules.permissions import Actor
from portal.rules.states import Machine
from portal.services.audit import AuditAction, Fact, label, record
from portal.services.fulfilment.lock_part import lock_part, refuse_to_go_on
from portal.services.fulfilment.ship_part import NothingToShipError, choose_units
from portal.services.history import Move, record_moves
from portal.services.orders.part_holds import PartUnknownError

# Labels whose units are spoken for until they are used or void.
OPEN = ("wanted", "sent", "unknown", "bought", "voiding")


class CarrierWithoutLabelsError(PortalError):
    code = "carrier_without_labels"
    sentence = N_("This carrier sells no labels here. Enter its tracking number yourself.")


class LabelUnknownToStoreError(PortalError):
    code = "not_found"
    status = 404
    sentence = N_("This page or record does not exist.")


class LabelStateError(PortalError):
    """It is being bought or looked up, was handed over, or is void."""

    code = "label_state"
    status = 409
    sentence = N_("This label cannot be voided: it is being bought, was used, or is void already.")


_SPOKEN_FOR = text(
    """
    SELECT u.key::uuid AS line_id, sum(u.value::integer)::integer AS units
      FROM shipping_label s CROSS JOIN jsonb_each_text(s.units) u
     WHERE s.part_id = :part_id AND s.status = ANY(:open) GROUP BY 1
    """
)
_LABEL = text("SELECT part_id, status, tracking_number FROM shipping_label WHERE id = :id")
_LOCKED = text("SELECT id, order_id, status, tracking_number FROM shipping_label WHERE id = :id FOR UPDATE")
_VOID = text(
    """
    UPDATE shipping_label SET status = :status, due_at = :due_at, asked = 0 WHERE id = :id
    """
)


def carrier_with_labels(text: str) -> Carrier:
    """A carrier whose labels are sold. Raises CarrierUnknownError, CarrierWithoutLabelsError."""
    found = find_carrier(text)
    if not found.is_tracked:
        raise CarrierWithoutLabelsError
    return found


def want_label(
    session: Session,
    *,
    label_id: uuid.UUID,
    part_id: uuid.UUID,
    carrier: str,
    units: Mapping[uuid.UUID, int] | None,
    actor: Actor,
    now: datetime,
    version: int | None = None,
    run_id: uuid.UUID | None = None,
) -> uuid.UUID:
    """Write down a label to be bought for these units, or for all that no other label is for; returns its id.

    A worker buys it. The same `label_id` again is a repeat. Raises CarrierUnknownError, CarrierWithoutLabelsError,
    PartUnknownError, PartChangedError, PartOnHoldError, PartNotPaidError, NothingToShipError, ParcelUnitsError,
    ParcelEmptyError, ParcelLineUnknownError.
    """
    found = carrier_with_labels(carrier)
    known = session.execute(_LABEL, {"id": label_id}).one_or_none()
    if known is not None:
        if known.part_id != part_id:
            raise PartUnknownError
        return label_id
    part = lock_part(session, part_id=part_id, actor=actor, version=version)
    refuse_to_go_on(session, part)
    if part.status not in TO_SEND:
        raise NothingToShipError
    taken = session.execute(_SPOKEN_FOR, {"part_id": part_id, "open": list(OPEN)})
    chosen = choose_units(session, part_id, units, {row.line_id: row.units for row in taken})
    session.add(
        ShippingLabel(
            id=label_id,
            order_id=part.order_id,
            part_id=part_id,
            store_id=part.store_id,
            run_id=run_id,
            carrier=found.code,
            units={str(line): count for line, count in chosen.items()},
            status="wanted",
            made_by=label(actor),
            made_at=now,
            due_at=now,
        )
    )
    session.flush()
    move = Move(Machine.LABEL, label_id, None, "wanted", part.order_id)
    record_moves(session, move, actor=actor, now=now)
    after: dict[str, Any] = {"part": str(part_id), "carrier": found.code, "units": sum(chosen.values())}
    record(session, Fact(AuditAction.LABEL_WANTED, f"label:{label_id}", after=after), actor=actor, now=now)
    return label_id


def void_label(session: Session, *, label_id: uuid.UUID, actor: Actor, now: datetime) -> str:
    """Give a label back before its parcel is handed over, also while the part is on hold; returns its state.

    Raises LabelUnknownToStoreError, LabelStateError.
    """
    known = session.execute(_LABEL, {"id": label_id}).one_or_none()
    if known is None:
        raise LabelUnknownToStoreError
    try:
        lock_part(session, part_id=known.part_id, actor=actor)
    except PartUnknownError as error:
        raise LabelUnknownToStoreError from error
    row = session.execute(_LOCKED, {"id": label_id}).one()
    if row.status in {"voiding", "voided"}:
        return str(row.status)
    if row.status not in {"wanted", "bought"}:
        raise LabelStateError
    return begin_voiding(session, row, actor=actor, now=now)


def begin_voiding(session: Session, row: Row[Any], *, actor: Actor, now: datetime) -> str:
    """Take back a locked label that is bought or was never asked for; a worker tells the carrier of the bought one."""
    status = "voiding" if row.status == "bought" else "voided"
    due_at = now if status == "voiding" else None
    session.execute(_VOID, {"id": row.id, "status": status, "due_at": due_at})
    record_moves(session, Move(Machine.LABEL, row.id, row.status, status, row.order_id), actor=actor, now=now)
    fact = Fact(AuditAction.LABEL_VOIDED, f"label:{row.id}", {"status": row.status}, {"status": status})
    record(session, fact, actor=actor, now=now)
    return status
