"""End a hold: when it was the last one, the part goes on where it had stopped (ORD-002)."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import Row, select, update
from sqlalchemy.orm import Session

from portal.kit.errors import PortalError
from portal.kit.text import N_
from portal.models import Order, OrderHold, OrderPart
from portal.rules.holds import HoldKind, may_end
from portal.rules.permissions import Actor
from portal.services.audit import AuditAction, Fact, label, record
from portal.services.orders.part_holds import let_go_on
from portal.services.outbox import Event, emit


class HoldUnknownError(PortalError):
    """There is no such hold, or this person has no say in it: one answer for both."""

    code = "hold_unknown"
    status = 404
    sentence = N_("There is no such hold.")


class HoldOverError(PortalError):
    """Somebody else was faster. `by` is his label, `at` when."""

    code = "hold_over"
    status = 409
    sentence = N_("Somebody else has ended this hold already. Nothing was changed by you.")

    def __init__(self, by: str | None = None, at: datetime | None = None) -> None:
        super().__init__()
        self.by, self.at = by, at


def release_hold(session: Session, *, hold_id: uuid.UUID, reason: str, actor: Actor, now: datetime) -> bool:
    """End a hold; True when the part goes on with it, False when others still hold it or it was sent already.

    Raises HoldUnknownError, HoldOverError.
    """
    hold = session.execute(
        select(
            OrderHold.id,
            OrderHold.order_id,
            OrderHold.part_id,
            OrderHold.kind,
            OrderHold.reason,
            OrderPart.store_id,
        )
        .join(OrderPart, OrderPart.id == OrderHold.part_id)
        .where(OrderHold.id == hold_id)
    ).one_or_none()
    if hold is None or not may_end(actor, HoldKind(hold.kind), hold.reason, store_id=hold.store_id):
        raise HoldUnknownError
    order = session.execute(
        select(Order.number, Order.buyer_id, Order.channel_id).where(Order.id == hold.order_id).with_for_update()
    ).one()
    ended = session.execute(
        update(OrderHold)
        .where(OrderHold.id == hold_id, OrderHold.released_at.is_(None))
        .values(released_by=label(actor), released_at=now)
        .returning(OrderHold.id)
    ).one_or_none()
    if ended is None:
        over = session.execute(
            select(OrderHold.released_by, OrderHold.released_at).where(OrderHold.id == hold_id)
        ).one()
        raise HoldOverError(over.released_by, over.released_at)
    return go_on_after(session, hold, order, reason=reason, actor=actor, now=now)


def go_on_after(
    session: Session,
    hold: Row[uuid.UUID, uuid.UUID, uuid.UUID, str, str, int],
    order: Row[*tuple[Any, ...]],
    *,
    reason: str,
    actor: Actor,
    now: datetime,
) -> bool:
    """Let a part go on whose hold has ended, unless another one holds it; says whether it does. Checks no permission.

    The caller holds the order's lock.
    """
    gone_on = let_go_on(
        session, order_id=hold.order_id, part_id=hold.part_id, reason="hold_ended", actor=actor, now=now
    )
    was_told = session.execute(select(OrderPart.released_at != now).where(OrderPart.id == hold.part_id)).scalar_one()
    before = {"hold": str(hold.id), "kind": hold.kind, "reason": hold.reason}
    fact = Fact(AuditAction.HOLD_ENDED, f"part:{hold.part_id}", before, {"goes_on": bool(gone_on)}, reason or None)
    record(session, fact, actor=actor, now=now)
    payload = {
        "part": str(hold.part_id),
        "store": hold.store_id,
        "number": order.number,
        "by": label(actor),
        "goes_on": bool(gone_on and was_told),
    }
    events = [Event("part.hold_ended", f"order:{hold.order_id}", payload, order.channel_id, order.buyer_id)]
    if gone_on and not was_told:
        events.append(
            Event(
                "order.parts_released",
                f"order:{hold.order_id}",
                {"number": order.number, "parts": [str(one) for one in gone_on]},
                channel_id=order.channel_id,
                profile_id=order.buyer_id,
            )
        )
    emit(session, *events, now=now)
    return bool(gone_on)
