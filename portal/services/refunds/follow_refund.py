"""What follows from the state of the legs: that of the refund, the tenders' sums, the payment's and the order's."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from portal.rules.permissions import Actor
from portal.rules.states import Machine, may_move
from portal.services.audit import AuditAction, Fact, record
from portal.services.history import Move, record_moves
from portal.services.outbox import Event, emit
from portal.services.payments.take_later import end_hold

_LEGS = text(
    """
    SELECT array_agg(g.status) FILTER (WHERE NOT EXISTS (SELECT FROM refund_leg n WHERE n.replaces = g.id)) AS open,
           f.status, f.total_minor
      FROM refund f LEFT JOIN refund_leg g ON g.refund_id = f.id WHERE f.id = :refund_id GROUP BY f.id
    """
)
_SET = text(
    """
    UPDATE refund SET status = :status,
           completed_at = CASE WHEN :status = 'succeeded' THEN CAST(:now AS timestamptz) END
     WHERE id = :refund_id
    """
)
_SUMS = text(
    """
    UPDATE tender t SET refunded_minor = s.back, released_minor = s.released, updated_at = :now
      FROM (SELECT t.id, coalesce(sum(g.amount_minor) FILTER (WHERE g.destination <> 'release'), 0) AS back,
                   coalesce(sum(g.amount_minor) FILTER (WHERE g.destination = 'release'), 0) AS released
              FROM tender t LEFT JOIN refund_leg g ON g.tender_id = t.id AND g.status = 'succeeded'
             WHERE t.order_id = :order_id GROUP BY t.id) s
     WHERE t.id = s.id AND (t.refunded_minor, t.released_minor) <> (s.back, s.released)
    """
)
_PAID_BACK = text(
    """
    WITH back AS (
        SELECT p.id, p.status, p.captured_minor, coalesce(sum(g.amount_minor), 0)::bigint AS amount
          FROM payment p LEFT JOIN refund_leg g
               ON g.tender_id = p.tender_id AND g.status = 'succeeded' AND g.destination = 'original'
         WHERE p.order_id = :order_id AND p.captured_minor > 0 GROUP BY p.id
    )
    UPDATE payment p SET refunded_minor = back.amount
      FROM back WHERE p.id = back.id
    RETURNING p.id, back.status, back.captured_minor, back.amount
    """
)
_ORDER = text(
    """
    SELECT (SELECT status FROM orders WHERE id = :order_id) AS status,
           coalesce(sum(t.refunded_minor + t.released_minor), 0)::bigint AS back,
           (SELECT bool_and(l.refunded_quantity = l.quantity) FROM order_line l WHERE l.order_id = :order_id)
               AS all_gone,
           (SELECT array_agg(DISTINCT p.status) FROM order_part p WHERE p.order_id = :order_id) AS parts,
           EXISTS (SELECT FROM refund f WHERE f.order_id = :order_id
                      AND f.status IN ('approved', 'sent', 'unknown', 'failed')) AS under_way
      FROM tender t WHERE t.order_id = :order_id
    """
)


def follow_refund(session: Session, *, refund_id: uuid.UUID, order: Row[Any], actor: Actor, now: datetime) -> str:
    """Bring everything above the legs up to date, and tell of it; returns the refund's status.

    The caller holds the order's lock. What had succeeded and failed later is undone the same way.
    """
    status = _move_refund(session, refund_id, order, actor, now)
    session.execute(_SUMS, {"order_id": order.id, "now": now})
    end_hold(session, order_id=order.id, actor=actor, now=now)
    _move_payment(session, order, actor, now)
    _move_order(session, order, refund_id, actor, now)
    return status


def status_of_legs(states: Collection[str]) -> str:
    """The state of a refund whose legs are in these; without legs nothing was left to give back."""
    for state in ("unknown", "failed"):
        if state in states:
            return state
    if {"sent", "pending"} & set(states):
        return "sent"
    return "approved" if "approved" in states else "succeeded"


def _move_refund(session: Session, refund_id: uuid.UUID, order: Row[Any], actor: Actor, now: datetime) -> str:
    row = session.execute(_LEGS, {"refund_id": refund_id}).one()
    new = status_of_legs(row.open or ())
    if new == row.status:
        return new
    session.execute(_SET, {"refund_id": refund_id, "status": new, "now": now})
    record_moves(session, Move(Machine.REFUND, refund_id, row.status, new, order.id), actor=actor, now=now)
    emit(
        session,
        Event(
            f"refund.{new}",
            f"order:{order.id}",
            {"refund": str(refund_id), "number": order.number},
            channel_id=order.channel_id,
            profile_id=order.buyer_id,
            priority="high",
        ),
        now=now,
    )
    return new


def _move_payment(session: Session, order: Row[Any], actor: Actor, now: datetime) -> None:
    for payment in session.execute(_PAID_BACK, {"order_id": order.id}).all():
        new = "captured"
        if payment.amount:
            new = "refunded" if payment.amount == payment.captured_minor else "partially_refunded"
        if new != payment.status and may_move(Machine.PAYMENT, payment.status, new):
            session.execute(
                text("UPDATE payment SET status = :status WHERE id = :id"), {"id": payment.id, "status": new}
            )
            move = Move(Machine.PAYMENT, payment.id, payment.status, new, order.id)
            record_moves(session, move, actor=actor, now=now)


def _move_order(session: Session, order: Row[Any], refund_id: uuid.UUID, actor: Actor, now: datetime) -> None:
    facts = session.execute(_ORDER, {"order_id": order.id}).one()
    new = _order_status(order, facts)
    if new == facts.status or not may_move(Machine.ORDER, facts.status, new):
        return
    session.execute(
        text(
            "UPDATE orders SET status = :status, version = version + 1,"
            " closed_at = CASE WHEN :status = 'refunded' THEN CAST(:now AS timestamptz) END WHERE id = :id"
        ),
        {"id": order.id, "status": new, "now": now},
    )
    record_moves(session, Move(Machine.ORDER, order.id, facts.status, new, order.id), actor=actor, now=now)
    if new in {"refunded", "partially_refunded"}:
        after = {"status": new, "refund": str(refund_id), "refunded_minor": facts.back}
        fact = Fact(AuditAction.ORDER_REFUNDED, f"order:{order.id}", {"status": facts.status}, after)
        record(session, fact, actor=actor, now=now)


def _order_status(order: Row[Any], facts: Row[Any]) -> str:
    if facts.all_gone and not facts.under_way and facts.back == order.payable_minor:
        return "refunded"
    if facts.back or (facts.all_gone and facts.under_way and facts.status == "partially_refunded"):
        return "partially_refunded"
    if facts.status not in {"refunded", "partially_refunded"}:
        return str(facts.status)
    parts = set(facts.parts) - {"cancelled"}
    if parts & {"shipped", "returning"}:
        return "shipped"
    return "delivered" if parts and parts <= {"delivered", "closed"} else "paid"
