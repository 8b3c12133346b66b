"""An order that goes elsewhere than was looked at is scored once more, and held if that alarms (PAY-11, FRD-01)."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from portal.rules.fraud import ADDRESS_CHANGE, Outcome
from portal.rules.holds import HIGH_RISK, HoldKind
from portal.rules.permissions import SYSTEM, Actor
from portal.services.fraud.score_event import RiskEvent, score_event
from portal.services.orders.place_hold import HoldExistsError, LockedPart, hold_part
from portal.services.outbox import Event, emit

_ORDER = text(
    """
    SELECT o.currency, o.payable_minor, count(u.id) AS coupons,
           coalesce(sum(u.amount_minor), 0)::bigint AS saving_minor,
           array_remove(array_agg(u.campaign_id), NULL) AS campaigns
      FROM orders o LEFT JOIN coupon_use u ON u.order_id = o.id AND u.status = 'redeemed'
     WHERE o.id = :order_id GROUP BY o.id
    """
)
_ALARM = text("UPDATE orders SET fraud_hold = true, risk_score = greatest(risk_score, :score) WHERE id = :order_id")


def rescore_order(
    session: Session,
    *,
    order_id: uuid.UUID,
    order: Row[Any],
    parts: Sequence[Row[Any]],
    address: Mapping[str, str],
    ip: str | None,
    actor: Actor,
    now: datetime,
) -> bool:
    """Decide on the order with its new address, keep the decision, and hold its parts for a review where it alarms.

    The caller holds the locks of the order (with number, buyer and channel) and of its parts. Says whether it was held.
    What was held for a review before stays so.
    """
    known = session.execute(_ORDER, {"order_id": order_id}).one()
    is_own = actor.user_id == order.buyer_id
    event = RiskEvent(
        ADDRESS_CHANGE,
        subject=f"order:{order_id}",
        order_id=order_id,
        currency=known.currency,
        amount_minor=known.payable_minor,
        coupons=known.coupons,
        saving_minor=known.saving_minor,
        ip=ip if is_own else None,
        address=address,
        stores={part.store_id for part in parts},
        campaigns=known.campaigns,
        exists=True,
    )
    # Of the buyer it is asked, whoever changed the address for him.
    decision = score_event(session, event=event, actor=actor if is_own else Actor(user_id=order.buyer_id), now=now)
    if decision.outcome not in {Outcome.REVIEW, Outcome.BLOCK}:
        return False
    held = [part for part in parts if _hold(session, order_id, order, part, now)]
    if held:
        session.execute(_ALARM, {"order_id": order_id, "score": decision.score})
        wanted = Event(
            "order.review_wanted",
            f"order:{order_id}",
            {"number": order.number},
            channel_id=order.channel_id,
            profile_id=order.buyer_id,
        )
        emit(session, wanted, now=now)
    return bool(held)


def _hold(session: Session, order_id: uuid.UUID, order: Row[Any], part: Row[Any], now: datetime) -> bool:
    locked = LockedPart(part.id, order_id, part.store_id, part.status)
    try:
        hold_part(session, locked, order, kind=HoldKind.FRAUD, reason=HIGH_RISK, note="", actor=SYSTEM, now=now)
    except HoldExistsError:
        return False
    return True
