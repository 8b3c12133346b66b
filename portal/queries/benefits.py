"""What a buyer can use at checkout: balances, and the coupons that he holds or typed."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from portal.rules.coupons.funding import Funding, read_funding
from portal.rules.coupons.terms import ConditionTerms, CouponTerms, Limits, OnRefund, Standing
from portal.rules.posting import POINTS
from portal.rules.pricing import Kind, Target


@dataclass(frozen=True, slots=True)
class Balances:
    """A buyer's stored values in one currency; `mileage` in points. Usable is what is not held elsewhere."""

    deposit_minor: int = 0
    deposit_held_minor: int = 0
    mileage: int = 0
    mileage_held: int = 0
    mileage_pending: int = 0
    gift_minor: int = 0
    gift_held_minor: int = 0
    gift_account_id: int | None = None
    deposit_account_id: int | None = None
    mileage_account_id: int | None = None
    paid_orders: int = 0
    tier: str | None = None
    segments: frozenset[str] = frozenset()
    earned_since: int = 0
    has_credit: bool = False

    @property
    def deposit_usable_minor(self) -> int:
        return self.deposit_minor - self.deposit_held_minor

    @property
    def gift_usable_minor(self) -> int:
        return self.gift_minor - self.gift_held_minor

    @property
    def mileage_usable(self) -> int:
        return self.mileage - self.mileage_held


@dataclass(frozen=True, slots=True)
class HeldCoupon:
    """A coupon of the buyer's: from his wallet, by the code he typed, or one that applies by itself.

    `version` is that of the terms; a claim is for these or not at all. `day` is the channel's.
    """

    terms: CouponTerms
    standing: Standing
    code: str | None
    funding: Funding
    names: dict[str, str]
    limits: Limits
    version: int
    day: date


_BALANCES = text(
    """
    SELECT a.id, a.kind, a.balance_minor, a.held_minor,
           (SELECT count(*) FROM orders o WHERE o.buyer_id = :user_id AND o.paid_at IS NOT NULL) AS paid_orders,
           (SELECT m.tier FROM member_tier m WHERE m.user_id = :user_id) AS tier,
           ARRAY(SELECT s.key FROM segment_member s WHERE s.user_id = :user_id) AS segments,
           CASE WHEN CAST(:since AS timestamptz) IS NOT NULL THEN
               (SELECT coalesce(sum(o.mileage_promised), 0) FROM orders o
                 WHERE o.buyer_id = :user_id AND o.placed_at >= :since
                   AND o.status NOT IN ('failed', 'expired', 'cancelled'))::bigint ELSE 0 END AS earned_since,
           EXISTS (SELECT FROM credit_line c WHERE c.user_id = :user_id AND c.currency = :currency) AS has_credit
      FROM (SELECT) AS person
      LEFT JOIN ledger_account a
        ON a.owner = :owner AND (a.kind, a.currency) IN (('deposit', :currency), ('gift', :currency),
                                                         ('mileage', :points), ('mileage_pending', :points))
    """
)


def load_balances(
    session: Session, *, user_id: uuid.UUID, currency: str, earned_since: datetime | None = None
) -> Balances:
    """The buyer's balances, how often he has bought, his tier and segments, whether he has a credit, in one statement.

    With `earned_since` also the points that his orders promise since then.
    """
    values = {
        "owner": f"user:{user_id}",
        "user_id": user_id,
        "currency": currency,
        "points": POINTS,
        "since": earned_since,
    }
    found = session.execute(_BALANCES, values).all()
    rows = {row.kind: row for row in found}
    deposit, gift = rows.get("deposit"), rows.get("gift")
    mileage, pending = rows.get("mileage"), rows.get("mileage_pending")
    return Balances(
        deposit_minor=deposit.balance_minor if deposit else 0,
        deposit_held_minor=deposit.held_minor if deposit else 0,
        gift_minor=gift.balance_minor if gift else 0,
        gift_held_minor=gift.held_minor if gift else 0,
        gift_account_id=gift.id if gift else None,
        mileage=mileage.balance_minor if mileage else 0,
        mileage_held=mileage.held_minor if mileage else 0,
        mileage_pending=pending.balance_minor if pending else 0,
        deposit_account_id=deposit.id if deposit else None,
        mileage_account_id=mileage.id if mileage else None,
        paid_orders=found[0].paid_orders,
        tier=found[0].tier,
        segments=frozenset(found[0].segments),
        earned_since=found[0].earned_since,
        has_credit=found[0].has_credit,
    )


_COUPONS = """
    SELECT c.id, c.name, c.kind, c.target, c.percent, c.amounts, c.max_discounts, c.conditions,
           c.store_id, c.funding, c.seller_shares, c.on_refund, c.lane, c.stackable, c.priority, c.valid_from,
           c.valid_until, c.grace_hours, c.cap, c.per_user_cap, c.per_code_cap, c.per_day_cap, c.budgets, c.version,
           c.used, c.state, c.issued_at, f.code, f.code_state, f.code_cap, coalesce(t.used, 0) AS used_by_user,
           (SELECT used FROM campaign_counter n WHERE n.campaign_id = c.id AND n.scope = 'budget'
               AND n.entity = :currency) AS spent_minor,
           (SELECT used FROM campaign_counter n WHERE n.campaign_id = c.id AND n.scope = 'day'
               AND n.entity = :day) AS used_today,
           (SELECT used FROM campaign_counter n WHERE n.campaign_id = c.id AND n.scope = 'code'
               AND n.entity = f.code) AS used_by_code
      FROM (SELECT DISTINCT ON (campaign_id) campaign_id, code, code_state, code_cap
              FROM (SELECT 1 AS source, k.campaign_id, k.code, k.state AS code_state, k.cap AS code_cap
                      FROM coupon_code k WHERE k.code = ANY(:codes)
                       AND (k.batch_id IS NULL OR k.state = 'active' AND coalesce(k.holder_id, :user_id) = :user_id)
                    UNION ALL
                    SELECT 2, g.campaign_id, g.code, k.state, k.cap
                      FROM coupon_grant g LEFT JOIN coupon_code k ON k.code = g.code
                     WHERE g.user_id = :user_id AND g.state = 'held'
                    UNION ALL
                    SELECT 3, a.id, NULL, NULL, NULL FROM campaign a WHERE a.distribution = 'automatic'
                       AND a.state IN ('scheduled', 'running') AND a.valid_from <= :now
                       AND a.valid_until + make_interval(hours => a.grace_hours) > :now) AS mine
             ORDER BY campaign_id, coalesce(code_state, 'active') <> 'active', source, code) AS f
      JOIN campaign c ON c.id = f.campaign_id
      LEFT JOIN coupon_tally t ON t.campaign_id = c.id AND t.user_id = :user_id
     WHERE c.state <> 'draft'
     ORDER BY c.id
"""
_SEEN = text(_COUPONS)
# Whoever edits a campaign takes its row for himself, and so waits for the orders that are being placed with its terms.
_CLAIMED = text(f"{_COUPONS} FOR KEY SHARE OF c")


def load_coupons(
    session: Session,
    *,
    user_id: uuid.UUID,
    codes: Sequence[str],
    currency: str,
    day: date,
    locale: str,
    now: datetime,
    claims: bool = False,
) -> tuple[HeldCoupon, ...]:
    """The coupons in a buyer's wallet, behind the codes (in normal form) that he typed, and those for everybody.

    With their counters: of the budget in `currency`, and of `day`, the channel's. With `claims` their terms stay as
    they are until the end of the transaction. A code of a batch is not there for whoever may not use it; of two ways
    to one coupon the one that works is taken, a typed code before the wallet.
    """
    values = {"user_id": user_id, "codes": list(codes), "currency": currency, "day": day.isoformat(), "now": now}
    return tuple(_held(row, currency, day, locale) for row in session.execute(_CLAIMED if claims else _SEEN, values))


def _held(row: Any, currency: str, day: date, locale: str) -> HeldCoupon:
    terms = CouponTerms(
        key=str(row.id),
        campaign_id=row.id,
        name=row.name.get(locale) or row.name.get("en", ""),
        kind=Kind(row.kind),
        target=Target(row.target),
        valid_from=row.valid_from,
        valid_until=row.valid_until,
        issued_at=row.issued_at,
        percent=Decimal(row.percent) if row.percent is not None else None,
        amounts=row.amounts,
        max_discount=row.max_discounts,
        store_id=row.store_id,
        stackable=row.stackable,
        lane="" if row.lane == "default" else row.lane,
        priority=row.priority,
        conditions=tuple(ConditionTerms(one["name"], one.get("params", {})) for one in row.conditions),
        grace_hours=row.grace_hours,
        on_refund=OnRefund(row.on_refund),
    )
    per_code = row.per_code_cap if row.code_cap is None else row.code_cap
    standing = Standing(
        is_revoked=row.state == "revoked" or row.code_state == "revoked",
        is_paused=row.state == "paused" or row.code_state == "suspended",
        is_ended=row.state == "ended",
        uses_left=_left(row.cap, row.used),
        user_uses_left=_left(row.per_user_cap, row.used_by_user),
        day_uses_left=_left(row.per_day_cap, row.used_today),
        code_uses_left=_left(per_code, row.used_by_code) if row.code else None,
        budget_left_minor=_left(row.budgets.get(currency), row.spent_minor),
    )
    return HeldCoupon(
        terms=terms,
        standing=standing,
        code=row.code,
        funding=read_funding(row.funding, row.seller_shares),
        names=row.name,
        limits=Limits(row.cap, row.per_user_cap, per_code, row.per_day_cap, row.budgets),
        version=row.version,
        day=day,
    )


def _left(cap: int | None, used: int | None) -> int | None:
    return None if cap is None else cap - (used or 0)
