"""Claim coupon uses inside the transaction that places an order: what is counted are claims (CPN-04, CPN-09)."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from portal.db import insert_rows
from portal.kit.errors import RejectedError
from portal.kit.ids import new_id
from portal.models import Campaign, CouponTally, CouponUse
from portal.queries.benefits import HeldCoupon
from portal.rules.coupons.rejection import Code, reject
from portal.rules.coupons.terms import to_snapshot


@dataclass(frozen=True, slots=True)
class Claim:
    """A coupon as it is applied to an order, with what it takes off."""

    coupon: HeldCoupon
    amount_minor: int


def lock_limits(session: Session, *, claims: Sequence[Claim], user_id: uuid.UUID) -> None:
    """Count the claims against the limits, in the order of the campaigns. Raises RejectedError at a limit.

    A campaign without a total limit is not touched: otherwise all buyers of one coupon would wait for one row.
    """
    for claim in sorted(claims, key=lambda c: c.coupon.terms.campaign_id):
        campaign_id = claim.coupon.terms.campaign_id
        if claim.coupon.capped:
            counted = session.execute(
                update(Campaign)
                .where(Campaign.id == campaign_id, Campaign.used < Campaign.cap, Campaign.state == "running")
                .values(used=Campaign.used + 1)
                .returning(Campaign.id)
            ).one_or_none()
            if counted is None:
                raise RejectedError(reject(Code.USED_UP))
        if claim.coupon.per_user_cap is not None:
            _count_for_person(session, campaign_id, user_id, claim.coupon.per_user_cap)


def _count_for_person(session: Session, campaign_id: int, user_id: uuid.UUID, cap: int) -> None:
    statement = insert(CouponTally).values(campaign_id=campaign_id, user_id=user_id, used=1)
    counted = session.execute(
        statement.on_conflict_do_update(
            index_elements=["campaign_id", "user_id"],
            set_={"used": CouponTally.used + 1},
            where=CouponTally.used < cap,
        ).returning(CouponTally.used)
    ).one_or_none()
    if counted is None:
        raise RejectedError(reject(Code.ALREADY_USED))


def write_uses(
    session: Session,
    *,
    claims: Sequence[Claim],
    order_id: uuid.UUID,
    user_id: uuid.UUID,
    currency: str,
    now: datetime,
) -> dict[str, uuid.UUID]:
    """Write one reserved use per claim with the terms of this moment; returns the ids by coupon key."""
    ids = {claim.coupon.terms.key: new_id() for claim in claims}
    insert_rows(
        session,
        CouponUse,
        [
            {
                "id": ids[claim.coupon.terms.key],
                "campaign_id": claim.coupon.terms.campaign_id,
                "user_id": user_id,
                "order_id": order_id,
                "code": claim.coupon.code,
                "currency": currency,
                "amount_minor": claim.amount_minor,
                "terms": {
                    **to_snapshot(claim.coupon.terms),
                    "funding": claim.coupon.funding,
                    "names": claim.coupon.names,
                },
                "status": "reserved",
                "claimed_at": now,
                "updated_at": now,
            }
            for claim in claims
        ],
    )
    return ids


_REDEEM = text(
    """
    UPDATE coupon_use SET status = 'redeemed', updated_at = :now
     WHERE order_id = :order_id AND status = 'reserved'
    RETURNING amount_minor, terms ->> 'funding' AS funding
    """
)


def redeem_uses(session: Session, *, order_id: uuid.UUID, now: datetime) -> int:
    """Redeem the reserved uses of a paid order; returns what the platform gives of them, in minor units."""
    redeemed = session.execute(_REDEEM, {"order_id": order_id, "now": now})
    return sum(row.amount_minor for row in redeemed if row.funding == "platform")


def release_uses(session: Session, *, order_id: uuid.UUID, now: datetime) -> int:
    """Give the reserved uses of an order back to their limits; returns how many."""
    return _release(session, CouponUse.order_id == order_id, CouponUse.status == "reserved", now=now)


def return_uses(session: Session, *, use_ids: Sequence[uuid.UUID], now: datetime) -> int:
    """Give redeemed uses back, whose whole discount has been undone by refunds (REF-02); returns how many."""
    return _release(session, CouponUse.id.in_(use_ids), CouponUse.status == "redeemed", now=now) if use_ids else 0


def _release(session: Session, *which: ColumnElement[bool], now: datetime) -> int:
    released = session.execute(
        update(CouponUse)
        .where(*which)
        .values(status="released", updated_at=now)
        .returning(CouponUse.campaign_id, CouponUse.user_id)
    ).all()
    for row in sorted(released):
        session.execute(
            update(Campaign)
            .where(Campaign.id == row.campaign_id, Campaign.cap.is_not(None), Campaign.used > 0)
            .values(used=Campaign.used - 1)
        )
        session.execute(
            update(CouponTally)
            .where(CouponTally.campaign_id == row.campaign_id, CouponTally.user_id == row.user_id, CouponTally.used > 0)
            .values(used=CouponTally.used - 1)
        )
    return len(released)
