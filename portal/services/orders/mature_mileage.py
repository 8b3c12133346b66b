"""The points of a parcel become spendable when nothing of it can be sent back any more (BAL-04, BAL-05)."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta

from sqlalchemy import text
from sqlalchemy.orm import Session

from portal.queries.refund_facts import Refundable, load_refundable
from portal.rules.mileage import LIFE, matures_at, net_of_debt, still_promised
from portal.rules.mileage_posting import mileage_matured
from portal.rules.permissions import SYSTEM
from portal.rules.posting import EntryKind
from portal.services.audit import AuditAction, Fact, record
from portal.services.ledger.post import post
from portal.services.loyalty.settle_referral import settle_referral
from portal.services.mileage.take_back import owed_points
from portal.services.mileage.write_lot import write_lot
from portal.services.outbox import Event, emit

# A parcel about which something is open is looked at again after this.
AGAIN_AFTER = timedelta(days=1)
IN_DISPUTE = "disputed"

_DUE = text(
    """
    SELECT p.id FROM order_part p
     WHERE p.mileage_matured_at IS NULL AND p.status IN ('shipped', 'delivered', 'closed')
       AND (p.mileage_due_at IS NULL OR p.mileage_due_at <= :now)
     ORDER BY p.mileage_due_at NULLS FIRST LIMIT :limit
    """
)
_LOCK = text(
    """
    SELECT o.id, o.number, o.buyer_id, o.channel_id,
           (SELECT (v.body ->> 'life_days')::int FROM loyalty_version v
             WHERE v.kind = 'mileage' AND v.version = (o.loyalty ->> 'mileage')::int) AS life_days
      FROM orders o
     WHERE o.id = (SELECT order_id FROM order_part WHERE id = :part_id) FOR UPDATE
    """
)
_STANDS = text(
    """
    SELECT mileage_matured_at IS NULL AND status IN ('shipped', 'delivered', 'closed') FROM order_part
     WHERE id = :part_id
    """
)
_LATER = text("UPDATE order_part SET mileage_due_at = :at WHERE id = :part_id")
_MATURED = text("UPDATE order_part SET mileage_matured_at = :now, mileage_due_at = :now WHERE id = :part_id")


def parts_to_mature(session: Session, *, now: datetime, limit: int = 200) -> list[uuid.UUID]:
    """Parcels under way whose points must be looked at: newly sent, or due."""
    return list(session.scalars(_DUE, {"now": now, "limit": limit}))


def mature_mileage(session: Session, *, part_id: uuid.UUID, now: datetime, is_lost: bool = False) -> int:
    """Make the parcel's points spendable if its time has come, else note when it will; returns how many.

    What its owner owes is paid first (REF-06). Points of units that went back were taken with them. While a refund
    waits for an answer or a bank disputes the payment they stay pending. A second run finds nothing. With `is_lost`
    they are due at once and nobody hears of it: the caller takes them back.
    """
    order = session.execute(_LOCK, {"part_id": part_id}).one()
    if not session.execute(_STANDS, {"part_id": part_id}).scalar_one():
        return 0
    known = load_refundable(session, order_id=order.id, now=now)
    assert known is not None
    due_at = _due_at(known, part_id, now)
    if due_at > now and not is_lost:
        session.execute(_LATER, {"part_id": part_id, "at": due_at})
        return 0
    session.execute(_MATURED, {"part_id": part_id, "now": now})
    lines = [line for line in known.facts.lines if line.part_id == part_id]
    if any(line.units_left for line in lines) and not is_lost:
        settle_referral(session, referee_id=order.buyer_id, order_id=order.id, now=now)
    points = sum(still_promised(line.promised, quantity=line.quantity, units_gone=line.units_gone) for line in lines)
    if points:
        life = timedelta(days=order.life_days) if order.life_days else LIFE
        _give(session, order.buyer_id, order.id, part_id, points, now + life, now)
        if not is_lost:
            emit(
                session,
                Event(
                    "mileage.matured",
                    f"order:{order.id}",
                    {"number": order.number, "points": points, "part": str(part_id)},
                    channel_id=order.channel_id,
                    profile_id=order.buyer_id,
                    dedup_key=f"mileage.matured:{part_id}",
                ),
                now=now,
            )
    return points


def _due_at(known: Refundable, part_id: uuid.UUID, now: datetime) -> datetime:
    part = known.parts[part_id]
    windows = [known.policies[line.id].window_days for line in known.facts.lines if line.part_id == part_id]
    ends = matures_at(shipped_at=part.shipped_at, delivered_at=part.delivered_at, window_days=windows) or now
    if part.waits or part.has_return or known.head.payment_status == IN_DISPUTE:
        return max(ends, now + AGAIN_AFTER)
    return ends


def _give(
    session: Session,
    user_id: uuid.UUID,
    order_id: uuid.UUID,
    part_id: uuid.UUID,
    points: int,
    expires_at: datetime,
    now: datetime,
) -> None:
    paid, kept = net_of_debt(points, owed=owed_points(session, user_id=user_id))
    entry_id, _ = post(
        session,
        kind=EntryKind.MILEAGE_MATURED,
        idem_key=f"mileage_matured:{part_id}",
        lines=mileage_matured(user_id=user_id, points=points, owed_points=paid),
        now=now,
        order_id=order_id,
    )
    write_lot(
        session,
        user_id=user_id,
        points=kept,
        source="order",
        source_order_id=order_id,
        source_part_id=part_id,
        expires_at=expires_at,
        now=now,
    )
    after = {"points": points, "paid_debt": paid, "part": str(part_id)}
    record(session, Fact(AuditAction.MILEAGE_MATURED, f"entry:{entry_id}", after=after), actor=SYSTEM, now=now)
