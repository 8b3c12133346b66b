"""An order that will not be paid: everything that was reserved goes back, once (PAY-09)."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from portal.models import Order, OrderPart, Payment, Tender
from portal.rules.permissions import Actor
from portal.rules.states import Machine
from portal.services.audit import AuditAction, Fact, record
from portal.services.cart.take_cart import put_back
from portal.services.coupons.claim_uses import release_uses
from portal.services.history import Move, record_moves
from portal.services.ledger.holds import end_holds
from portal.services.outbox import Event, emit
from portal.services.stock.end_reservations import release_stock

ACTIONS = {
    "failed": AuditAction.ORDER_FAILED,
    "cancelled": AuditAction.ORDER_CANCELLED,
    "expired": AuditAction.ORDER_EXPIRED,
}


def give_up_order(
    session: Session, *, order_id: uuid.UUID, status: str, reason: str, actor: Actor, now: datetime
) -> bool:
    """End a pending order as `failed`, `cancelled` or `expired`; False when it is not pending any more.

    Stock, coupon uses, deposit and mileage are free again, and the cart is as it was.
    """
    order = session.execute(
        select(Order.number, Order.buyer_id, Order.channel_id, Order.status, Order.cart)
        .where(Order.id == order_id)
        .with_for_update()
    ).one()
    if order.status != "pending":
        return False
    put_back(session, user_id=order.buyer_id, kept=order.cart, now=now)
    release_uses(session, order_id=order_id, now=now)
    end_holds(session, order_id=order_id, status="expired" if status == "expired" else "released")
    release_stock(session, order_id=order_id, now=now, status="expired" if status == "expired" else "released")
    session.execute(
        update(Tender)
        .where(Tender.order_id == order_id, Tender.status != "captured")
        .values(status="released", released_minor=Tender.amount_minor, updated_at=now)
    )
    session.execute(
        update(Order).where(Order.id == order_id).values(status=status, closed_at=now, version=Order.version + 1)
    )
    parts = session.scalars(
        update(OrderPart)
        .where(OrderPart.order_id == order_id)
        .values(status="cancelled", closed_at=now, version=OrderPart.version + 1)
        .returning(OrderPart.id)
    ).all()
    moves = [Move(Machine.ORDER, order_id, "pending", status, order_id, reason)]
    moves += [Move(Machine.PART, part_id, "held", "cancelled", order_id) for part_id in parts]
    moves += _end_payment(session, order_id, status, now)
    record_moves(session, *moves, actor=actor, now=now)
    fact = Fact(ACTIONS[status], f"order:{order_id}", {"status": "pending"}, {"status": status}, reason)
    record(session, fact, actor=actor, now=now)
    emit(
        session,
        Event(
            f"order.{status}",
            f"order:{order_id}",
            {"number": order.number, "reason": reason},
            channel_id=order.channel_id,
            profile_id=order.buyer_id,
            priority="high",
        ),
        now=now,
    )
    return True


def _end_payment(session: Session, order_id: uuid.UUID, status: str, now: datetime) -> list[Move]:
    payment = session.execute(
        select(Payment.id, Payment.status).where(Payment.order_id == order_id).with_for_update()
    ).one_or_none()
    if payment is None or payment.status not in {"pending", "requires_action", "authorised"}:
        return []
    session.execute(update(Payment).where(Payment.id == payment.id).values(status=status, completed_at=now))
    return [Move(Machine.PAYMENT, payment.id, payment.status, status, order_id)]
