"""A seller's part is closed: what the escrow holds for it goes to the seller, the platform and the tax office."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, select, text, update
from sqlalchemy.orm import Session

from portal.kit.errors import PortalError
from portal.kit.text import N_
from portal.models import Order, OrderPart
from portal.queries.coupon_funding import PLATFORM_GIVES
from portal.rules.commission import commission_on
from portal.rules.permissions import Actor
from portal.rules.posting import EntryKind, part_released
from portal.rules.refunds import share_to_refund
from portal.rules.states import Machine, check_move
from portal.services.audit import AuditAction, Fact, record
from portal.services.history import Move, record_moves
from portal.services.ledger.post import Entry, post_all
from portal.services.orders.part_holds import refuse_on_hold

# How long after its delivery a part can be sent back (REF-01); it is closed when that is over (BAL-04, ORD-09).
RETURN_PERIOD = timedelta(days=30)

# Units that went back took their share of a platform's coupon with them, by the rule of refunds.
_LINES = text(
    f"""
    SELECT l.quantity, l.refunded_quantity, l.tax_minor, l.tax_less_minor, l.platform_less_minor,
           l.payable_minor - l.refunded_minor - coalesce((SELECT sum(t.held_minor + t.restocking_minor)
               FROM tender_share t WHERE t.line_id = l.id), 0)::bigint AS paid_minor,
           coalesce(d.platform, 0)::bigint AS platform_minor, coalesce(d.asked, 0)::bigint AS asked_minor
      FROM order_line l
      LEFT JOIN LATERAL (
           SELECT sum({PLATFORM_GIVES}) AS platform, sum(s.asked_minor - s.asked_platform_minor) AS asked
             FROM discount_share s JOIN coupon_use u ON u.id = s.coupon_use_id
             JOIN campaign c ON c.id = u.campaign_id WHERE s.line_id = l.id AND u.status <> 'reserved') d ON true
     WHERE l.part_id = :part_id
    """  # noqa: S608 - our own fragment
)
_FEE = text(
    f"""
    SELECT coalesce(d.platform, 0)::bigint AS platform_minor, coalesce(d.asked, 0)::bigint AS asked_minor,
           coalesce((SELECT sum(t.held_minor) FROM tender_share t WHERE t.part_id = :part_id), 0)::bigint AS held_minor,
           b.refunded_minor, b.gone
      FROM (SELECT sum({PLATFORM_GIVES}) AS platform, sum(s.asked_minor - s.asked_platform_minor) AS asked
              FROM discount_share s JOIN coupon_use u ON u.id = s.coupon_use_id JOIN campaign c ON c.id = u.campaign_id
             WHERE s.part_id = :part_id AND u.status <> 'reserved') d,
           (SELECT coalesce(sum(r.amount_minor), 0)::bigint AS refunded_minor, count(*) > 0 AS gone
              FROM refund_line r JOIN refund f ON f.id = r.refund_id
             WHERE r.part_id = :part_id AND f.status IN ('approved', 'sent', 'unknown', 'failed', 'succeeded')) b
    """  # noqa: S608 - our own fragment
)
_PART = select(
    OrderPart.id,
    OrderPart.order_id,
    OrderPart.status,
    OrderPart.store_id,
    OrderPart.shipping_fee_minor,
    OrderPart.shipping_discount_minor,
    OrderPart.tax_added_minor,
    OrderPart.commission_basis_points,
)
_REFUNDS_UNDER_WAY = text(
    """
    SELECT EXISTS (SELECT FROM refund WHERE order_id = :order_id
                     AND status IN ('requested', 'approved', 'sent', 'unknown', 'failed'))
        OR EXISTS (SELECT FROM goods_return WHERE part_id = :part_id
                      AND status IN ('requested', 'approved', 'sent', 'received', 'inspected'))
    """
)


_NOT_TAKEN = text(
    """
    SELECT EXISTS (SELECT FROM tender WHERE order_id = :order_id AND captured_minor + released_minor < amount_minor)
    """
)


class NotTakenError(PortalError):
    """The gateway only holds the buyer's money, or has lost it."""

    code = "payment_not_taken"
    status = 409
    sentence = N_("The payment of this order is not taken yet. The seller is paid out when it is.")


class RefundUnderWayError(PortalError):
    """Money of this order may be on its way back to the buyer."""

    code = "refund_under_way"
    status = 409
    sentence = N_("A refund of this order is under way. The seller is paid out when it has ended.")


@dataclass(frozen=True, slots=True)
class PartRelease:
    """What a part's escrow comes to, in minor units: `amount_minor` in all, with commission and added tax in it."""

    order_id: uuid.UUID
    part_id: uuid.UUID
    store_id: int
    currency: str
    amount_minor: int
    commission_minor: int
    tax_minor: int
    at: datetime


def release_part(session: Session, *, part_id: uuid.UUID, actor: Actor, now: datetime) -> int | None:
    """Close a delivered part and pay its seller out of the escrow; returns the entry, None when nothing was left.

    Raises MoveRefusedError when the part cannot be closed (any more), PartOnHoldError, RefundUnderWayError,
    NotTakenError.
    """
    order_id = session.execute(select(OrderPart.order_id).where(OrderPart.id == part_id)).scalar_one()
    order = session.execute(select(Order.currency).where(Order.id == order_id).with_for_update()).one()
    part = session.execute(_PART.where(OrderPart.id == part_id).with_for_update()).one()
    check_move(Machine.PART, part.status, "closed")
    refuse_on_hold(session, part_id=part_id)
    if session.execute(_REFUNDS_UNDER_WAY, {"order_id": order_id, "part_id": part_id}).scalar_one():
        raise RefundUnderWayError
    if session.execute(_NOT_TAKEN, {"order_id": order_id}).scalar_one():
        raise NotTakenError
    release = _worth(session, part, order.currency, now)
    session.execute(
        update(OrderPart)
        .where(OrderPart.id == part_id)
        .values(status="closed", closed_at=now, version=OrderPart.version + 1)
    )
    record_moves(session, Move(Machine.PART, part_id, part.status, "closed", order_id), actor=actor, now=now)
    return release_parts(session, releases=[release], actor=actor, now=now).get(part_id)


def worth_of(session: Session, *, part_id: uuid.UUID, currency: str, now: datetime) -> PartRelease:
    """What a part brings its seller as it stands: what was given back of it counts no more."""
    return _worth(session, session.execute(_PART.where(OrderPart.id == part_id)).one(), currency, now)


def _worth(session: Session, part: Row[*tuple[Any, ...]], currency: str, now: datetime) -> PartRelease:
    lines = session.execute(_LINES, {"part_id": part.id}).all()
    fee = session.execute(_FEE, {"part_id": part.id}).one()
    # A discount that was asked back makes goods dearer that were kept; what it was kept from was not given back.
    goods = sum(
        line.paid_minor + _left(line.platform_minor, line, line.platform_less_minor) + line.asked_minor
        for line in lines
    )
    shipping = part.shipping_fee_minor - part.shipping_discount_minor
    goods_tax = shipping_tax = 0
    if part.tax_added_minor:
        goods_tax = sum(_left(line.tax_minor, line, line.tax_less_minor) for line in lines)
        shipping_tax = part.tax_added_minor - sum(line.tax_minor for line in lines)
    kept_fee = shipping + shipping_tax - fee.refunded_minor - fee.held_minor + fee.asked_minor
    amount = goods + kept_fee + (0 if fee.gone else fee.platform_minor)
    return PartRelease(
        order_id=part.order_id,
        part_id=part.id,
        store_id=part.store_id,
        currency=currency,
        amount_minor=amount,
        commission_minor=commission_on(
            goods_minor=goods - goods_tax, currency=currency, basis_points=part.commission_basis_points
        ),
        tax_minor=goods_tax + min(shipping_tax, kept_fee),
        at=now,
    )


def release_parts(
    session: Session, *, releases: Sequence[PartRelease], actor: Actor, now: datetime
) -> dict[uuid.UUID, int]:
    """Post what closed parts bring their sellers, once each; returns the entries made now, by part.

    States and moves are the caller's.
    """
    keys = {f"part_released:{one.part_id}": one for one in releases}
    entries = post_all(
        session,
        [
            Entry(
                kind=EntryKind.PART_RELEASED,
                idem_key=key,
                lines=part_released(
                    order_id=one.order_id,
                    store_id=one.store_id,
                    currency=one.currency,
                    amount_minor=one.amount_minor,
                    commission_minor=one.commission_minor,
                    tax_minor=one.tax_minor,
                ),
                at=one.at,
                order_id=one.order_id,
            )
            for key, one in keys.items()
        ],
    )
    facts = [
        Fact(
            AuditAction.PART_CLOSED,
            f"part:{keys[key].part_id}",
            after={
                "entry": entry_id,
                "amount_minor": keys[key].amount_minor,
                "commission_minor": keys[key].commission_minor,
                "tax_minor": keys[key].tax_minor,
            },
        )
        for key, entry_id in entries.items()
    ]
    record(session, *facts, actor=actor, now=now)
    return {keys[key].part_id: entry_id for key, entry_id in entries.items()}


def _left(share_minor: int, line: Row[Any], less_minor: int) -> int:
    """What is left of a line's share of tax or of a coupon, for the units that were kept and what they cost less."""
    gone = 0
    if line.refunded_quantity:
        units = line.refunded_quantity
        gone = share_to_refund(share_minor, quantity=line.quantity, units_before=0, units=units, refunded_before=0)
    return max(0, int(share_minor) - gone - less_minor)
