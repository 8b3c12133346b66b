"""What becomes of a wanted label: claimed, asked for with no transaction open, and settled, in three steps."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from portal.gateways.carriers.base import BoughtLabel, LabelRequest
from portal.models import Order
from portal.queries.store_order import address_of
from portal.rules.carriers import CARRIERS, TrackingNumberError, read_number
from portal.rules.permissions import SYSTEM
from portal.rules.states import Machine
from portal.services.audit import AuditAction, Fact, record
from portal.services.fulfilment.want_label import begin_voiding
from portal.services.history import Move, record_moves
from portal.services.orders.part_holds import PartOnHoldError, refuse_on_hold

# Who died in the middle of a call is noticed after this, and the carrier is asked what became of it.
ANSWER_WITHIN = timedelta(seconds=30)
ASK_FIRST, ASK_LATEST = timedelta(seconds=5), timedelta(hours=1)
_BATCH = 100

_DUE = text("SELECT id FROM shipping_label WHERE due_at <= :now ORDER BY due_at LIMIT :batch")
_LEFT_BEHIND = text(
    """
    SELECT s.id FROM shipping_label s JOIN order_part p ON p.id = s.part_id
     WHERE s.status = 'bought' AND (s.is_stale OR p.status = 'cancelled') LIMIT :batch
    """
)
_ORDER_OF = text("SELECT order_id FROM shipping_label WHERE id = :id")
_LOCK_ORDER = text("SELECT address FROM orders WHERE id = :id FOR UPDATE").columns(address=Order.address.type)
_LABEL = text(
    """
    SELECT s.id, s.order_id, s.part_id, s.carrier, s.units, s.status, s.is_stale, s.asked, s.tracking_number,
           s.due_at <= :now AS is_due, p.status AS part_status, t.name AS store
      FROM shipping_label s JOIN order_part p ON p.id = s.part_id JOIN store t ON t.id = s.store_id
     WHERE s.id = :id FOR UPDATE OF s
    """
)
_SET = text(
    """
    UPDATE shipping_label SET status = :status, due_at = :due_at, asked = asked + :asked, problem = :problem,
           carrier_ref = coalesce(:ref, carrier_ref), tracking_number = coalesce(:number, tracking_number),
           bought_at = CASE WHEN CAST(:number AS text) IS NULL THEN bought_at ELSE :now END
     WHERE id = :id
    """
)


@dataclass(frozen=True, slots=True)
class ClaimedLabel:
    """What is to be asked of the carrier: to look it up first where a call before may have bought it; or to void it."""

    request: LabelRequest
    look_first: bool
    voids: bool


def labels_due(session: Session, *, now: datetime) -> list[uuid.UUID]:
    """Labels whose carrier is to be asked something."""
    return list(session.scalars(_DUE, {"now": now, "batch": _BATCH}))


def labels_left_behind(session: Session) -> Sequence[uuid.UUID]:
    """Bought labels of what was cancelled or goes to another address."""
    return session.scalars(_LEFT_BEHIND, {"batch": _BATCH}).all()


def leave_label(session: Session, *, label_id: uuid.UUID, now: datetime) -> None:
    """Give a bought label back that nobody can use any more."""
    row, _address = _lock(session, label_id, now)
    if row.status == "bought" and (row.is_stale or row.part_status == "cancelled"):
        begin_voiding(session, row, actor=SYSTEM, now=now)


def claim_label(session: Session, *, label_id: uuid.UUID, now: datetime) -> ClaimedLabel | None:
    """Take a label that is due, so that nobody else asks for it meanwhile; None when there is nothing to ask.

    One that was never asked for is not bought while its part is on hold, cancelled, or goes elsewhere.
    """
    row, address = _lock(session, label_id, now)
    if not row.is_due:
        return None
    if row.status == "wanted":
        problem = _why_not(session, row)
        if problem is not None:
            _move(session, row, "failed", now, problem=problem)
            return None
        _move(session, row, "sent", now, due_at=now + ANSWER_WITHIN, asked=1)
    else:
        _set(session, row, row.status, now, due_at=now + ANSWER_WITHIN, asked=1)
    receiver = address_of(address)
    names = row.store
    request = LabelRequest(
        key=str(row.id),
        carrier=row.carrier,
        receiver=dict(receiver),
        sender=names.get("en") or next(iter(names.values())),
        pieces=sum(int(count) for count in row.units.values()),
    )
    return ClaimedLabel(request, look_first=row.status != "wanted", voids=row.status == "voiding")


def settle_bought(session: Session, *, label_id: uuid.UUID, bought: BoughtLabel, now: datetime) -> str:
    """The carrier has sold it; returns its state. A number that is none of this carrier's is of no use."""
    row, _address = _lock(session, label_id, now)
    if row.status not in {"sent", "unknown"}:
        return str(row.status)
    try:
        number = read_number(CARRIERS[row.carrier], bought.number)
    except TrackingNumberError:
        _move(session, row, "failed", now, problem="number_unfit")
        return "failed"
    _move(session, row, "bought", now, number=number, ref=bought.ref)
    after = {"carrier": row.carrier, "number": number}
    record(session, Fact(AuditAction.LABEL_BOUGHT, f"label:{row.id}", after=after), actor=SYSTEM, now=now)
    return "bought"


def settle_not_bought(session: Session, *, label_id: uuid.UUID, problem: str, again: bool, now: datetime) -> None:
    """The carrier has certainly not sold it: it refused, or it could not be reached and is asked `again`."""
    row, _address = _lock(session, label_id, now)
    if row.status in {"sent", "unknown"}:
        _move(session, row, "wanted" if again else "failed", now, problem=problem, due_at=_later(row, now, again))


def note_unknown_label(session: Session, *, label_id: uuid.UUID, now: datetime) -> None:
    """Nobody knows whether it was sold: it is looked up before anything else."""
    row, _address = _lock(session, label_id, now)
    if row.status == "sent":
        _move(session, row, "unknown", now, problem="no_answer", due_at=now + ASK_FIRST)
    elif row.status in {"unknown", "voiding"}:
        _set(session, row, row.status, now, problem="no_answer", due_at=_later(row, now, True))


def settle_void(session: Session, *, label_id: uuid.UUID, is_void: bool, now: datetime) -> None:
    """The carrier took it back, or keeps it because the parcel is with it already."""
    row, _address = _lock(session, label_id, now)
    if row.status == "voiding":
        _move(session, row, "voided" if is_void else "bought", now, problem=None if is_void else "handed_over")


def _why_not(session: Session, row: Row[Any]) -> str | None:
    if row.is_stale:
        return "address_changed"
    if row.part_status == "cancelled":
        return "cancelled"
    try:
        refuse_on_hold(session, part_id=row.part_id)
    except PartOnHoldError:
        return "on_hold"
    return None


def _later(row: Row[Any], now: datetime, again: bool) -> datetime | None:
    return now + min(ASK_FIRST * 2 ** min(row.asked, 12), ASK_LATEST) if again else None


def _lock(session: Session, label_id: uuid.UUID, now: datetime) -> tuple[Row[Any], str | None]:
    """The order's lock first, as everywhere."""
    order_id = session.execute(_ORDER_OF, {"id": label_id}).scalar_one()
    address = session.execute(_LOCK_ORDER, {"id": order_id}).scalar_one()
    return session.execute(_LABEL, {"id": label_id, "now": now}).one(), address


def _move(session: Session, row: Row[Any], status: str, now: datetime, **more: Any) -> None:
    _set(session, row, status, now, **more)
    record_moves(session, Move(Machine.LABEL, row.id, row.status, status, row.order_id), actor=SYSTEM, now=now)


def _set(
    session: Session,
    row: Row[Any],
    status: str,
    now: datetime,
    *,
    due_at: datetime | None = None,
    asked: int = 0,
    problem: str | None = None,
    number: str | None = None,
    ref: str | None = None,
) -> None:
    values = {"id": row.id, "status": status, "due_at": due_at, "asked": asked, "problem": problem, "now": now}
    session.execute(_SET, values | {"number": number, "ref": ref})
