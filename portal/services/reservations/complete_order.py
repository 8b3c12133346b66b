"""An order is paid: everything that was reserved is used, once, in one transaction (PAY-08)."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from portal.models import TenderType
from portal.rules.deadlines import deadlines_from
from portal.rules.permissions import Actor
from portal.rules.posting import EntryKind, OrderMoney, order_paid
from portal.rules.states import Machine
from portal.services.audit import AuditAction, Fact, record
from portal.services.coupons.claim_uses import redeem_uses
from portal.services.history import Move, record_moves
from portal.services.ledger.holds import end_holds
from portal.services.ledger.post import post
from portal.services.mileage.spend_lots import spend_lots
from portal.services.outbox import Event, emit
from portal.services.stock.end_reservations import take_stock

# The order, its tenders, and its parts on which no hold is open. What is said of the order is as it was before.
_COMPLETE = text(
    """
    WITH known AS (
        SELECT id, number, buyer_id, channel_id, currency, status, mileage_promised,
               (SELECT a.gateway FROM payment_attempt a JOIN payment p ON p.id = a.payment_id
                 WHERE p.order_id = :order_id ORDER BY a.n DESC LIMIT 1) AS gateway
          FROM orders WHERE id = :order_id
    ), paid AS (
        UPDATE orders SET status = 'paid', paid_at = :now, version = version + 1 WHERE id = :order_id
    ), released AS (
        UPDATE order_part p SET status = 'released', released_at = :now, accept_by = :accept_by,
                              ship_by = :ship_by, version = version + 1
         WHERE p.order_id = :order_id
           AND NOT EXISTS (SELECT FROM order_hold h WHERE h.part_id = p.id AND h.released_at IS NULL)
        RETURNING p.id, p.position
    ), captured AS (
        UPDATE tender SET status = CASE WHEN :is_held AND type = 'gateway' THEN 'authorised' ELSE 'captured' END,
               captured_minor = CASE WHEN :is_held AND type = 'gateway' THEN 0 ELSE amount_minor END, updated_at = :now
         WHERE order_id = :order_id
        RETURNING id, type, amount_minor, points
    )
    SELECT known.*, ARRAY(SELECT id FROM released ORDER BY position) AS part_ids,
           coalesce((SELECT jsonb_object_agg(type, jsonb_build_array(id, amount_minor, points)) FROM captured), '{}')
               AS tenders
      FROM known
    """
)


def complete_order(
    session: Session, *, order_id: uuid.UUID, actor: Actor, now: datetime, is_held: bool = False
) -> None:
    """Settle a pending order whose tenders are all in. The caller holds the lock on its row.

    `is_held`: the gateway's share is only held, and is taken when the goods leave.

    Holds, coupon uses and reservations are used; the books get one entry; parts go to their sellers unless a hold
    is open; receipt, notices and live pages follow from the event.
    """
    until = deadlines_from(now)
    values = {"order_id": order_id, "now": now, "accept_by": until.accept_by, "ship_by": until.ship_by}
    order = session.execute(_COMPLETE, {**values, "is_held": is_held}).one()
    money = _money(session, order, now, is_held=is_held)
    entry_id = _post(session, order, money, now)
    record_moves(
        session,
        Move(Machine.ORDER, order_id, order.status, "paid", order_id),
        *(Move(Machine.PART, part_id, "held", "released", order_id) for part_id in order.part_ids),
        actor=actor,
        now=now,
    )
    record(
        session,
        Fact(
            AuditAction.ORDER_PAID,
            f"order:{order_id}",
            before={"status": order.status},
            after={"status": "paid", "entry": entry_id, "gateway_minor": money.gateway_minor, "is_held": is_held},
        ),
        actor=actor,
        now=now,
    )
    emit(
        session,
        Event(
            "order.paid",
            f"order:{order_id}",
            {"number": order.number},
            channel_id=order.channel_id,
            profile_id=order.buyer_id,
            dedup_key=f"order.paid:{order_id}",
            priority="high",
        ),
        now=now,
    )
    # Last, because here many orders wait for one row.
    take_stock(session, order_id=order_id, now=now)


def _money(session: Session, order: Row[Any], now: datetime, *, is_held: bool) -> OrderMoney:
    """What the tenders and the redeemed coupon uses come to."""

    def minor(kind: TenderType) -> int:
        return int(order.tenders[kind][1]) if kind in order.tenders else 0

    _, _, points = order.tenders.get(TenderType.MILEAGE, (None, 0, 0))
    return OrderMoney(
        order_id=order.id,
        user_id=order.buyer_id,
        currency=order.currency,
        gateway=order.gateway if TenderType.GATEWAY in order.tenders else None,
        gateway_minor=minor(TenderType.GATEWAY),
        deposit_minor=minor(TenderType.DEPOSIT),
        gift_minor=minor(TenderType.GIFT),
        refund_credit_minor=minor(TenderType.REFUND_CREDIT),
        mileage_minor=minor(TenderType.MILEAGE),
        mileage_points=points or 0,
        platform_discount_minor=redeem_uses(session, order_id=order.id, now=now),
        mileage_promised=order.mileage_promised,
        is_held=is_held,
    )


def _post(session: Session, order: Row[Any], money: OrderMoney, now: datetime) -> int | None:
    end_holds(session, order_id=order.id, status="used")
    lines = order_paid(money)
    if not lines:
        return None  # Everything was free: nothing moves.
    entry_id, _ = post(
        session,
        kind=EntryKind.ORDER_PAID,
        idem_key=f"order_paid:{order.id}",
        lines=lines,
        now=now,
        order_id=order.id,
    )
    if money.mileage_points:
        tender_id = uuid.UUID(order.tenders[TenderType.MILEAGE][0])
        spend_lots(session, user_id=money.user_id, points=money.mileage_points, tender_id=tender_id, now=now)
    return entry_id
