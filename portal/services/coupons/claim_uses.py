"""Claim coupon uses inside the transaction that places an order: what is counted are claims (CPN-04, CPN-09)."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from portal.db import insert_rows
from portal.kit.errors import RejectedError
from portal.kit.ids import new_id
from portal.models import Campaign, CouponTally, CouponUse
from portal.queries.benefits import HeldCoupon
from portal.queries.coupon_funding import PLATFORM_GIVES
from portal.rules.coupons.rejection import Code, reject
from portal.rules.coupons.terms import to_snapshot

# A scheduled campaign is open as soon as its time has come: whatever moves the state may be late.
OPEN_STATES = ("scheduled", "running")


@dataclass(frozen=True, slots=True)
class Claim:
    """A coupon as it is applied to an order, with what it takes off."""

    coupon: HeldCoupon
    amount_minor: int


# The rows in the order of their key, so that no two claims wait for each other in a circle.
_COUNT = text(
    """
    INSERT INTO campaign_counter AS n (campaign_id, scope, entity, used, cap)
    SELECT * FROM unnest(CAST(:campaigns AS bigint[]), CAST(:scopes AS text[]), CAST(:entities AS text[]),
                         CAST(:takes AS bigint[]), CAST(:caps AS bigint[])) AS new
     ORDER BY 1, 2, 3
    ON CONFLICT (campaign_id, scope, entity) DO UPDATE SET used = n.used + excluded.used, cap = excluded.cap
     WHERE n.used + excluded.used <= excluded.cap
    RETURNING campaign_id, scope
    """
)
_USED_UP = {"budget": Code.BUDGET_SPENT, "code": Code.CODE_USED_UP, "day": Code.DAY_USED_UP}
_CLOSED = {"paused": Code.PAUSED, "revoked": Code.REVOKED, "ended": Code.USED_UP}


def lock_limits(session: Session, *, claims: Sequence[Claim], user_id: uuid.UUID, currency: str) -> None:
    """Count the claims against the limits, in the order of the campaigns. Raises RejectedError at a limit.

    A campaign without a total limit is not changed: otherwise all buyers of one coupon would wait for one row. Its
    terms cannot change meanwhile: the quote has taken its row (load_coupons), and edits wait for that.
    """
    claims = sorted(claims, key=lambda c: c.coupon.terms.campaign_id)
    for claim in claims:
        campaign_id, limits = claim.coupon.terms.campaign_id, claim.coupon.limits
        if limits.total is not None:
            _count_in_total(session, claim.coupon)
        if limits.per_user is not None:
            _count_for_person(session, campaign_id, user_id, limits.per_user)
    _count(session, [one for claim in claims for one in _counted(claim, currency)])


def _count_in_total(session: Session, coupon: HeldCoupon) -> None:
    campaign_id = coupon.terms.campaign_id
    counted = session.execute(
        update(Campaign)
        .where(Campaign.id == campaign_id, Campaign.used < Campaign.cap, Campaign.state.in_(OPEN_STATES))
        .values(used=Campaign.used + 1)
        .returning(Campaign.id)
    ).one_or_none()
    if counted is None:
        state = session.execute(select(Campaign.state).where(Campaign.id == campaign_id)).scalar_one()
        raise RejectedError(reject(_CLOSED.get(state, Code.USED_UP)))


@dataclass(frozen=True, slots=True)
class _Counted:
    """What a claim takes of one limit."""

    campaign_id: int
    scope: str
    entity: str
    takes: int
    cap: int


def _counted(claim: Claim, currency: str) -> list[_Counted]:
    limits, coupon = claim.coupon.limits, claim.coupon
    campaign_id = coupon.terms.campaign_id
    found = []
    if currency in limits.budgets:
        found.append(_Counted(campaign_id, "budget", currency, claim.amount_minor, limits.budgets[currency]))
    if limits.per_code is not None and coupon.code is not None:
        found.append(_Counted(campaign_id, "code", coupon.code, 1, limits.per_code))
    if limits.per_day is not None:
        found.append(_Counted(campaign_id, "day", coupon.day.isoformat(), 1, limits.per_day))
    return found


def _count(session: Session, wanted: Sequence[_Counted]) -> None:
    """Count in one statement. What did not come back was at its limit."""
    for one in wanted:
        if one.takes > one.cap:
            raise RejectedError(reject(_USED_UP[one.scope]))
    if not wanted:
        return
    counted = session.execute(
        _COUNT,
        {
            "campaigns": [one.campaign_id for one in wanted],
            "scopes": [one.scope for one in wanted],
            "entities": [one.entity for one in wanted],
            "takes": [one.takes for one in wanted],
            "caps": [one.cap for one in wanted],
        },
    )
    done = {(row.campaign_id, row.scope) for row in counted}
    for one in wanted:
        if (one.campaign_id, one.scope) not in done:
            raise RejectedError(reject(_USED_UP[one.scope]))


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
                    "funding": str(claim.coupon.funding.by),
                    "names": claim.coupon.names,
                    "version": claim.coupon.version,
                },
                "status": "reserved",
                "claimed_at": now,
                "day": claim.coupon.day,
                "updated_at": now,
            }
            for claim in claims
        ],
    )
    return ids


_REDEEM = text(
    f"""
    WITH u AS (
        UPDATE coupon_use SET status = 'redeemed', updated_at = :now
         WHERE order_id = :order_id AND status = 'reserved' RETURNING id, campaign_id, terms
    )
    SELECT coalesce(sum({PLATFORM_GIVES}), 0)::bigint
      FROM u JOIN campaign c ON c.id = u.campaign_id JOIN discount_share s ON s.coupon_use_id = u.id
    """  # noqa: S608 - our own fragment
)


def redeem_uses(session: Session, *, order_id: uuid.UUID, now: datetime) -> int:
    """Redeem the reserved uses of a paid order; returns what the platform gives of them, in minor units."""
    return int(session.execute(_REDEEM, {"order_id": order_id, "now": now}).scalar_one())


def release_uses(session: Session, *, order_id: uuid.UUID, now: datetime) -> int:
    """Give the reserved uses of an order back to their limits; returns how many."""
    return _release(session, CouponUse.order_id == order_id, CouponUse.status == "reserved", now=now)


def return_uses(session: Session, *, use_ids: Sequence[uuid.UUID], now: datetime) -> int:
    """Give redeemed uses back, whose whole discount has been undone by refunds (REF-02); returns how many."""
    return _release(session, CouponUse.id.in_(use_ids), CouponUse.status == "redeemed", now=now) if use_ids else 0


# The counters in the order in which claims take them.
_UNCOUNT = text(
    """
    WITH gone AS (
        SELECT u.campaign_id, k.scope, k.entity, sum(k.took)::bigint AS took
          FROM coupon_use u
          CROSS JOIN LATERAL (VALUES ('budget', u.currency, u.amount_minor), ('code', u.code, 1),
                                     ('day', u.day::text, 1)) AS k (scope, entity, took)
         WHERE u.id = ANY(:uses) AND k.entity IS NOT NULL GROUP BY u.campaign_id, k.scope, k.entity
    ), held AS (
        SELECT n.campaign_id, n.scope, n.entity FROM campaign_counter n JOIN gone USING (campaign_id, scope, entity)
         ORDER BY n.campaign_id, n.scope, n.entity FOR UPDATE OF n
    )
    UPDATE campaign_counter n SET used = greatest(n.used - gone.took, 0)
      FROM gone JOIN held USING (campaign_id, scope, entity)
     WHERE n.campaign_id = gone.campaign_id AND n.scope = gone.scope AND n.entity = gone.entity
    """
)


def _release(session: Session, *which: ColumnElement[bool], now: datetime) -> int:
    released = session.execute(
        update(CouponUse)
        .where(*which)
        .values(status="released", updated_at=now)
        .returning(CouponUse.campaign_id, CouponUse.user_id, CouponUse.id)
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
    if released:
        session.execute(_UNCOUNT, {"uses": [row.id for row in released]})
    return len(released)
