"""Stop what was not sent yet of an order whose payment has lapsed: nobody sends goods for nothing (PAY-07)."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.models import Order, OrderPart
from portal.rules.holds import PAYMENT_LOST, STOPPABLE, HoldKind
from portal.rules.permissions import SYSTEM
from portal.services.orders.place_hold import HoldExistsError, LockedPart, hold_part


def hold_unpaid(session: Session, *, order_id: uuid.UUID, now: datetime) -> int:
    """Hold each part that was not sent, once; returns how many were stopped now."""
    order = session.execute(
        select(Order.number, Order.buyer_id, Order.channel_id).where(Order.id == order_id).with_for_update()
    ).one()
    parts = session.execute(
        select(OrderPart.id, OrderPart.order_id, OrderPart.store_id, OrderPart.status)
        .where(OrderPart.order_id == order_id, OrderPart.status.in_(STOPPABLE))
        .order_by(OrderPart.position)
        .with_for_update()
    ).all()
    stopped = 0
    for part in parts:
        try:
            hold_part(
                session,
                LockedPart(*part),
                order,
                kind=HoldKind.PAYMENT,
                reason=PAYMENT_LOST,
                note="",
                actor=SYSTEM,
                now=now,
            )
        except HoldExistsError:
            continue
        stopped += 1
    return stopped
