"""A buyer's coupons: what he holds, what he used and saved, and what he could claim (CPN-02, CPN-16)."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, literal, or_, select, text
from sqlalchemy.orm import Session

from portal.kit.paging import Page, fingerprint
from portal.models import (
    Campaign,
    CouponCode,
    CouponFlag,
    CouponGrant,
    CouponTally,
    CouponUse,
    Order,
    Store,
)
from portal.queries.keyset import PAGE_ROWS, Sorting, count_up_to, fetch_page
from portal.rules.coupons.claiming import BY_CLAIM, BY_ITSELF, SHOWN_STATES
from portal.rules.coupons.life import CouponState, last_use, state_of

OFFERS_MAX = 100


class WalletView(StrEnum):
    """What the wallet shows: what may still be used, or what is over."""

    HELD = "held"
    OVER = "over"


@dataclass(frozen=True, slots=True)
class CampaignTerms:
    """What a buyer reads of a campaign. Amounts in minor units by currency; `name` is {locale: text}."""

    id: int
    name: Mapping[str, str]
    kind: str
    target: str
    percent: Decimal | None
    amounts: Mapping[str, int]
    max_discounts: Mapping[str, int]
    conditions: Sequence[Mapping[str, Any]]
    store_slug: str | None
    store_name: Mapping[str, str] | None
    state: str
    distribution: str
    valid_from: datetime
    valid_until: datetime
    grace_hours: int
    per_user_cap: int | None


@dataclass(frozen=True, slots=True)
class WalletCoupon:
    """A coupon in the wallet. `state` is how it stands now; `flag_id` is an open suspicion that suspended it."""

    id: uuid.UUID
    campaign: CampaignTerms
    code: str | None
    state: CouponState
    granted_at: datetime
    reason: str | None
    uses_left: int | None
    flag_id: uuid.UUID | None
    appealed_at: datetime | None

    @property
    def ends_at(self) -> datetime:
        return last_use(self.campaign.valid_until, self.campaign.grace_hours)


@dataclass(frozen=True, slots=True)
class WalletUse:
    """One use, with what it took off and the order that it was for."""

    id: uuid.UUID
    name: Mapping[str, str]
    code: str | None
    order_number: str
    amount_minor: int
    currency: str
    status: str
    claimed_at: datetime


@dataclass(frozen=True, slots=True)
class Offered:
    """A coupon for everybody, and how it stands for the one who looks. `left` None is without a limit."""

    campaign: CampaignTerms
    left: int | None
    held: str | None


@dataclass(frozen=True, slots=True)
class WalletCounts:
    """How many coupons there are of each kind, and what was saved by currency, in minor units."""

    held: int
    over: int
    used: int
    saved: Sequence[tuple[str, int]]


_TERMS = (
    Campaign.id.label("campaign_id"),
    Campaign.name,
    Campaign.kind,
    Campaign.target,
    Campaign.percent,
    Campaign.amounts,
    Campaign.max_discounts,
    Campaign.conditions,
    Store.slug,
    Store.name.label("store_name"),
    Campaign.state.label("campaign_state"),
    Campaign.distribution,
    Campaign.valid_from,
    Campaign.valid_until,
    Campaign.grace_hours,
    Campaign.per_user_cap,
)


def _terms(row: Any) -> CampaignTerms:
    return CampaignTerms(
        row.campaign_id,
        row.name,
        row.kind,
        row.target,
        row.percent,
        row.amounts,
        row.max_discounts,
        row.conditions,
        row.slug,
        row.store_name,
        row.campaign_state,
        row.distribution,
        row.valid_from,
        row.valid_until,
        row.grace_hours,
        row.per_user_cap,
    )


_ENDS_AT = Campaign.valid_until + func.make_interval(0, 0, 0, 0, Campaign.grace_hours)
_USES = func.coalesce(CouponTally.used, 0)


def _is_over(now: datetime) -> ColumnElement[bool]:
    return or_(
        CouponGrant.state.in_(("revoked", "expired")),
        Campaign.state.in_(("ended", "revoked")),
        func.coalesce(CouponCode.state, "active") == "revoked",
        now >= _ENDS_AT,
        and_(Campaign.per_user_cap.is_not(None), Campaign.per_user_cap <= _USES),
    )


def _own(user_id: uuid.UUID, *columns: Any) -> Select[Any]:
    return (
        select(*columns)
        .join(Campaign, Campaign.id == CouponGrant.campaign_id)
        .outerjoin(CouponCode, CouponCode.code == CouponGrant.code)
        .outerjoin(
            CouponTally, and_(CouponTally.campaign_id == Campaign.id, CouponTally.user_id == CouponGrant.user_id)
        )
        .where(CouponGrant.user_id == user_id, Campaign.state != "draft")
    )


def list_wallet(
    session: Session,
    *,
    user_id: uuid.UUID,
    view: WalletView,
    now: datetime,
    cursor: str | None = None,
    rows_max: int = PAGE_ROWS,
) -> Page[WalletCoupon]:
    """One page of a person's coupons, the newest first. Raises CursorInvalidError."""
    flag = (
        select(CouponFlag.id, CouponFlag.appealed_at)
        .where(
            CouponFlag.state == "open",
            CouponFlag.is_suspended,
            or_(CouponFlag.grant_id == CouponGrant.id, CouponFlag.code == CouponGrant.code),
        )
        .order_by(CouponFlag.raised_at.desc())
        .limit(1)
        .lateral()
    )
    statement = (
        _own(
            user_id,
            CouponGrant.id,
            CouponGrant.code,
            CouponGrant.state,
            CouponCode.state.label("code_state"),
            CouponGrant.granted_at,
            CouponGrant.reason,
            _USES.label("uses"),
            flag.c.id.label("flag_id"),
            flag.c.appealed_at,
            *_TERMS,
        )
        .outerjoin(Store, Store.id == Campaign.store_id)
        .outerjoin(flag, literal(True))
    )
    over = _is_over(now)
    statement = statement.where(over if view is WalletView.OVER else ~over)
    return fetch_page(
        session,
        statement,
        Sorting((CouponGrant.id,), (uuid.UUID,)),
        make=lambda row: _coupon(row, now),
        key=lambda row: (row.id,),
        cursor_text=cursor,
        mark=fingerprint("wallet", view, user_id),
        rows_max=rows_max,
    )


def _coupon(row: Any, now: datetime) -> WalletCoupon:
    campaign = _terms(row)
    left = None if campaign.per_user_cap is None else max(0, campaign.per_user_cap - row.uses)
    state = state_of(
        grant=row.state,
        code=row.code_state,
        campaign=campaign.state,
        valid_from=campaign.valid_from,
        valid_until=campaign.valid_until,
        grace_hours=campaign.grace_hours,
        uses_left=left,
        now=now,
    )
    return WalletCoupon(
        row.id, campaign, row.code, state, row.granted_at, row.reason, left, row.flag_id, row.appealed_at
    )


def count_wallet(session: Session, *, user_id: uuid.UUID, now: datetime) -> WalletCounts:
    """How much there is of each kind, for the heads of the wallet's tabs."""
    over = _is_over(now)
    row = session.execute(
        _own(user_id, func.count().filter(over).label("over"), func.count().filter(~over).label("held"))
    ).one()
    saved = session.execute(
        select(CouponUse.currency, func.sum(CouponUse.amount_minor))
        .where(CouponUse.user_id == user_id, CouponUse.status == "redeemed")
        .group_by(CouponUse.currency)
        .order_by(CouponUse.currency)
    ).all()
    used, _ = count_up_to(session, select(CouponUse.id).where(CouponUse.user_id == user_id))
    return WalletCounts(row.held, row.over, used, [(currency, int(minor)) for currency, minor in saved])


def list_uses(session: Session, *, user_id: uuid.UUID, cursor: str | None = None) -> Page[WalletUse]:
    """One page of what a person used coupons for, the newest first. Raises CursorInvalidError."""
    statement = (
        select(
            CouponUse.id,
            CouponUse.terms["names"].label("names"),
            Campaign.name,
            CouponUse.code,
            Order.number,
            CouponUse.amount_minor,
            CouponUse.currency,
            CouponUse.status,
            CouponUse.claimed_at,
        )
        .join(Order, Order.id == CouponUse.order_id)
        .join(Campaign, Campaign.id == CouponUse.campaign_id)
        .where(CouponUse.user_id == user_id)
    )
    return fetch_page(
        session,
        statement,
        Sorting((CouponUse.claimed_at, CouponUse.id), (datetime, uuid.UUID)),
        make=lambda row: WalletUse(
            row.id,
            row.names or row.name,
            row.code,
            row.number,
            row.amount_minor,
            row.currency,
            row.status,
            row.claimed_at,
        ),
        key=lambda row: (row.claimed_at, row.id),
        cursor_text=cursor,
        mark=fingerprint("coupon-uses", user_id),
    )


def list_offers(session: Session, *, user_id: uuid.UUID | None, now: datetime) -> list[Offered]:
    """Coupons that everybody may claim, or that apply by themselves: what ends soonest first, at most OFFERS_MAX."""
    held = (
        select(CouponGrant.state)
        .where(CouponGrant.campaign_id == Campaign.id, CouponGrant.user_id == user_id)
        .scalar_subquery()
    )
    claims = (
        text("SELECT used FROM campaign_counter n WHERE n.campaign_id = campaign.id AND n.scope = 'claim'")
        .columns(CouponTally.used)
        .scalar_subquery()
    )
    rows = session.execute(
        select(*_TERMS, Campaign.cap, claims.label("claims"), held.label("held"))
        .outerjoin(Store, Store.id == Campaign.store_id)
        .where(
            Campaign.distribution.in_((BY_CLAIM, BY_ITSELF)),
            Campaign.state.in_(SHOWN_STATES - {"ended"}),
            Campaign.valid_until > now,
        )
        .order_by(Campaign.valid_until, Campaign.id)
        .limit(OFFERS_MAX)
    ).all()
    return [
        Offered(_terms(row), None if row.cap is None else max(0, row.cap - (row.claims or 0)), row.held) for row in rows
    ]
