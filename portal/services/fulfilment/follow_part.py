"""What follows from parcels: a part is sent when all its units are, it has arrived when all its parcels have.

While units of it come back it is returning; then it is again what its parcels say.
"""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.orm import Session

from portal.rules.permissions import Actor
from portal.rules.states import Machine, may_move
from portal.services.history import Move, record_moves

_PART = text(
    """
    SELECT p.id, p.order_id, p.status, p.delivered_at,
           (SELECT bool_and(l.shipped_quantity >= l.quantity - l.refunded_quantity)
              FROM order_line l WHERE l.part_id = p.id) AS all_sent,
           EXISTS (SELECT FROM goods_return g WHERE g.part_id = p.id AND g.kind <> 'claim'
                      AND g.status IN ('approved', 'sent', 'received', 'inspected')) AS comes_back,
           s.parcels, s.arrived, s.last_sent_at, s.last_arrived_at
      FROM order_part p
      LEFT JOIN LATERAL (SELECT count(*) AS parcels, count(*) FILTER (WHERE status = 'delivered') AS arrived,
                                max(shipped_at) AS last_sent_at, max(delivered_at) AS last_arrived_at
                           FROM shipment WHERE part_id = p.id) s ON true
     WHERE p.id = :part_id
    """
)
_SET_PART = text(
    """
    UPDATE order_part SET status = :status, version = version + 1,
           shipped_at = coalesce(shipped_at, :sent_at), delivered_at = coalesce(delivered_at, :arrived_at)
     WHERE id = :part_id
    """
)
_ORDER = text(
    """
    SELECT o.status, array_agg(DISTINCT p.status) AS parts
      FROM orders o JOIN order_part p ON p.order_id = o.id AND p.status <> 'cancelled'
     WHERE o.id = :order_id GROUP BY o.id
    """
)
_SET_ORDER = text("UPDATE orders SET status = :status, version = version + 1 WHERE id = :order_id")

ON_THE_WAY = frozenset({"shipped", "delivered", "closed", "returning"})
ARRIVED = frozenset({"delivered", "closed"})


def follow_part(session: Session, *, part_id: uuid.UUID, actor: Actor, now: datetime) -> str:
    """Bring a part and its order up to date with its parcels; returns the part's state. The order's lock is held."""
    part = session.execute(_PART, {"part_id": part_id}).one()
    status, moves = str(part.status), []
    if not part.parcels and not (part.comes_back or status == "returning"):
        return status
    sent_at = arrived_at = None
    # An imported part may have come without parcels.
    all_arrived = part.arrived == part.parcels if part.parcels else part.delivered_at is not None
    if status == "delivered" and not all_arrived:
        # Something went out once more.
        moves.append(Move(Machine.PART, part_id, status, "returning", part.order_id))
        status = "returning"
    if status == "returning" and not part.comes_back:
        moves.append(Move(Machine.PART, part_id, status, "shipped", part.order_id))
        status = "shipped"
    if part.all_sent and status in {"released", "accepted", "packed"}:
        moves.append(Move(Machine.PART, part_id, status, "shipped", part.order_id))
        status, sent_at = "shipped", part.last_sent_at
    elif not part.all_sent and status in {"released", "accepted"}:
        moves.append(Move(Machine.PART, part_id, status, "packed", part.order_id))
        status = "packed"
    if status == "shipped" and all_arrived:
        moves.append(Move(Machine.PART, part_id, status, "delivered", part.order_id))
        status, arrived_at = "delivered", part.last_arrived_at
    if status in {"shipped", "delivered"} and part.comes_back:
        moves.append(Move(Machine.PART, part_id, status, "returning", part.order_id))
        status = "returning"
    if moves:
        values = {"part_id": part_id, "status": status, "sent_at": sent_at, "arrived_at": arrived_at}
        session.execute(_SET_PART, values)
        record_moves(session, *moves, actor=actor, now=now)
        _follow_order(session, part.order_id, actor, now)
    return status


def _follow_order(session: Session, order_id: uuid.UUID, actor: Actor, now: datetime) -> None:
    """An order that gives money back shows that; else it is as far as the last of its parts."""
    order = session.execute(_ORDER, {"order_id": order_id}).one()
    parts = frozenset(order.parts)
    new = "delivered" if parts <= ARRIVED else "shipped" if parts <= ON_THE_WAY else order.status
    if order.status in {"paid", "shipped"} and may_move(Machine.ORDER, order.status, new):
        session.execute(_SET_ORDER, {"order_id": order_id, "status": new})
        record_moves(session, Move(Machine.ORDER, order_id, order.status, new, order_id), actor=actor, now=now)
