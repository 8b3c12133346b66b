"""Hold a seller's part: before it is sent it stops, afterwards its money waits (ORD-002, FRD-08)."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, select, update
from sqlalchemy.orm import Session

from portal.kit.errors import PortalError
from portal.kit.ids import new_id
from portal.kit.text import N_
from portal.models import Order, OrderHold, OrderPart
from portal.rules.holds import HOLDABLE, REASONS, STOPPABLE, HoldKind, kinds_for
from portal.rules.permissions import Actor
from portal.rules.states import Machine
from portal.services.audit import AuditAction, Fact, label, record
from portal.services.history import Move, record_moves
from portal.services.orders.part_changes import refuse_changed
from portal.services.orders.part_holds import PartUnknownError
from portal.services.outbox import Event, emit

NOTE_MAX = 500


class HoldKindError(PortalError):
    """A kind that this person may not use, or a reason that does not belong to it."""

    code = "hold_kind"
    status = 403
    sentence = N_("You cannot place a hold of this kind, or not for this reason.")


class NothingToHoldError(PortalError):
    """It is over: there is neither a parcel nor money that could wait."""

    code = "nothing_to_hold"
    status = 409
    sentence = N_("This part is over. There is nothing left to hold.")


class HoldExistsError(PortalError):
    """The same hold is open already; one release would not end both."""

    code = "hold_exists"
    status = 409
    sentence = N_("This part is held for that reason already. Nothing was changed.")


@dataclass(frozen=True, slots=True)
class LockedPart:
    """A part whose order's lock and own are held."""

    id: uuid.UUID
    order_id: uuid.UUID
    store_id: int
    status: str


def place_hold(
    session: Session,
    *,
    part_id: uuid.UUID,
    kind: HoldKind,
    reason: str,
    note: str,
    actor: Actor,
    now: datetime,
    version: int | None = None,
) -> uuid.UUID:
    """Place a hold and return its id. A part that is not sent yet stops; its deadlines stand still meanwhile.

    `version` is the row version that he was shown. Raises PartUnknownError, HoldKindError, PartChangedError,
    NothingToHoldError, HoldExistsError.
    """
    known = session.execute(select(OrderPart.order_id, OrderPart.store_id).where(OrderPart.id == part_id)).one_or_none()
    allowed = kinds_for(actor, store_id=known.store_id) if known else ()
    if known is None or not allowed:
        raise PartUnknownError
    if kind not in allowed or reason not in REASONS[kind]:
        raise HoldKindError
    order = session.execute(
        select(Order.number, Order.buyer_id, Order.channel_id).where(Order.id == known.order_id).with_for_update()
    ).one()
    status = session.execute(select(OrderPart.status).where(OrderPart.id == part_id).with_for_update()).scalar_one()
    refuse_changed(session, part_id=part_id, version=version)
    if status not in HOLDABLE:
        raise NothingToHoldError
    found = LockedPart(part_id, known.order_id, known.store_id, status)
    return hold_part(session, found, order, kind=kind, reason=reason, note=note, actor=actor, now=now)


def hold_part(
    session: Session,
    part: LockedPart,
    order: Row[*tuple[Any, ...]],
    *,
    kind: HoldKind,
    reason: str,
    note: str,
    actor: Actor,
    now: datetime,
) -> uuid.UUID:
    """Place a hold on a part and return its id; checks no permission. Raises HoldExistsError."""
    twin = select(OrderHold.id).where(
        OrderHold.part_id == part.id,
        OrderHold.kind == kind,
        OrderHold.reason == reason,
        OrderHold.released_at.is_(None),
    )
    if session.scalar(twin) is not None:
        raise HoldExistsError
    hold_id = new_id()
    session.add(
        OrderHold(
            id=hold_id,
            order_id=part.order_id,
            part_id=part.id,
            kind=kind.value,
            reason=reason,
            note=note.strip()[:NOTE_MAX] or None,
            placed_by=label(actor),
            placed_at=now,
        )
    )
    session.flush()
    if part.status in STOPPABLE and part.status != "held":
        session.execute(
            update(OrderPart).where(OrderPart.id == part.id).values(status="held", version=OrderPart.version + 1)
        )
        move = Move(Machine.PART, part.id, part.status, "held", part.order_id, reason)
        record_moves(session, move, actor=actor, now=now)
    after = {"hold": str(hold_id), "kind": kind.value, "reason": reason}
    fact = Fact(
        AuditAction.PART_HELD, f"part:{part.id}", {"status": part.status}, after, note.strip()[:NOTE_MAX] or None
    )
    record(session, fact, actor=actor, now=now)
    emit(
        session,
        Event(
            "part.held",
            f"order:{part.order_id}",
            {
                "part": str(part.id),
                "store": part.store_id,
                "number": order.number,
                "hold": str(hold_id),
                "by": label(actor),
            },
            channel_id=order.channel_id,
            profile_id=order.buyer_id,
        ),
        now=now,
    )
    return hold_id
