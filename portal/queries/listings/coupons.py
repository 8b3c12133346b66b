"""Coupons, their uses, and suspicions about them as listings."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from portal.kit.ids import normalise_code
from portal.kit.tables import Column, Kind
from portal.kit.text import N_
from portal.models import Campaign, CouponFlag, CouponUse, Order, Store
from portal.queries.admin_orders import numbers_meant
from portal.queries.campaigns import CampaignFilters, campaigns_where, times_used
from portal.queries.keyset import AnySelect, Sorting
from portal.queries.listings.listing import Listing
from portal.rules.permissions import Permission


@dataclass(frozen=True, slots=True)
class UseFilter:
    """Uses of coupons: of a state, a campaign, between two instants; `search` is a code or an order's number."""

    status: str | None = None
    campaign_id: int | None = None
    claimed_from: datetime | None = None
    claimed_until: datetime | None = None
    search: str = ""


@dataclass(frozen=True, slots=True)
class FlagFilter:
    """Suspicions: of a state, of a rule, raised between two instants; `search` is a code."""

    state: str | None = None
    rule: str | None = None
    campaign_id: int | None = None
    raised_from: datetime | None = None
    raised_until: datetime | None = None
    search: str = ""


def narrowed_uses(statement: AnySelect, chosen: UseFilter) -> AnySelect:
    """The statement over uses and their orders, with these conditions."""
    if chosen.status:
        statement = statement.where(CouponUse.status == chosen.status)
    if chosen.campaign_id is not None:
        statement = statement.where(CouponUse.campaign_id == chosen.campaign_id)
    if chosen.claimed_from is not None:
        statement = statement.where(CouponUse.claimed_at >= chosen.claimed_from)
    if chosen.claimed_until is not None:
        statement = statement.where(CouponUse.claimed_at < chosen.claimed_until)
    if words := chosen.search.strip():
        is_meant = Order.number.in_(numbers_meant(words))
        statement = statement.where(is_meant | (CouponUse.code == normalise_code(words)))
    return statement


def narrowed_flags(statement: AnySelect, chosen: FlagFilter) -> AnySelect:
    """The statement over suspicions, with these conditions."""
    if chosen.state:
        statement = statement.where(CouponFlag.state == chosen.state)
    if chosen.rule:
        statement = statement.where(CouponFlag.rule == chosen.rule)
    if chosen.campaign_id is not None:
        statement = statement.where(CouponFlag.campaign_id == chosen.campaign_id)
    if chosen.raised_from is not None:
        statement = statement.where(CouponFlag.raised_at >= chosen.raised_from)
    if chosen.raised_until is not None:
        statement = statement.where(CouponFlag.raised_at < chosen.raised_until)
    if words := chosen.search.strip():
        statement = statement.where(CouponFlag.code == normalise_code(words))
    return statement


def _coupons(chosen: CampaignFilters) -> AnySelect:
    return (
        select(
            Campaign.id,
            Campaign.name,
            Store.slug.label("store"),
            Campaign.state,
            Campaign.kind,
            Campaign.distribution,
            Campaign.valid_from,
            Campaign.valid_until,
            times_used(),
        )
        .outerjoin(Store, Store.id == Campaign.store_id)
        .where(*campaigns_where(chosen))
    )


def _uses(chosen: UseFilter) -> AnySelect:
    statement: AnySelect = (
        select(
            CouponUse.id,
            CouponUse.claimed_at,
            Campaign.name,
            CouponUse.campaign_id,
            CouponUse.code,
            Order.number,
            CouponUse.user_id,
            CouponUse.status,
            CouponUse.currency,
            CouponUse.amount_minor,
        )
        .join(Order, Order.id == CouponUse.order_id)
        .join(Campaign, Campaign.id == CouponUse.campaign_id)
    )
    return narrowed_uses(statement, chosen)


def _flags(chosen: FlagFilter) -> AnySelect:
    statement: AnySelect = select(
        CouponFlag.id,
        CouponFlag.raised_at,
        CouponFlag.rule,
        Campaign.name,
        CouponFlag.code,
        CouponFlag.user_id,
        CouponFlag.found,
        CouponFlag.threshold,
        CouponFlag.state,
        CouponFlag.decided_at,
        CouponFlag.reason,
    ).join(Campaign, Campaign.id == CouponFlag.campaign_id)
    return narrowed_flags(statement, chosen)


COUPONS = Listing(
    "coupons",
    N_("Coupons"),
    Permission.COUPON_VIEW,
    CampaignFilters,
    (
        Column("id", N_("Number"), Kind.NUMBER, share=1),
        Column("name", N_("Campaign"), share=5),
        Column("store", N_("Store"), share=3),
        Column("state", N_("State")),
        Column("kind", N_("Kind"), share=3),
        Column("distribution", N_("Distribution"), share=0),
        Column("valid_from", N_("From"), Kind.INSTANT, share=4),
        Column("valid_until", N_("Until"), Kind.INSTANT, share=4),
        Column("uses", N_("Used"), Kind.NUMBER, share=1),
    ),
    _coupons,
    Sorting((Campaign.id,), (int,)),
    ("id",),
)
USES = Listing(
    "redemptions",
    N_("Coupon uses"),
    Permission.COUPON_VIEW,
    UseFilter,
    (
        Column("claimed_at", N_("Used at"), Kind.INSTANT, share=4),
        Column("name", N_("Campaign"), share=4),
        Column("campaign_id", N_("Number"), Kind.NUMBER, share=0),
        Column("code", N_("Code"), share=3),
        Column("number", N_("Order"), share=3),
        Column("user_id", N_("Buyer"), share=0),
        Column("status", N_("State")),
        Column("currency", N_("Currency")),
        Column("amount_minor", N_("Discount"), Kind.MONEY),
    ),
    _uses,
    Sorting((CouponUse.id,), (uuid.UUID,)),
    ("id",),
)
FLAGS = Listing(
    "coupon-abuse",
    N_("Coupon abuse"),
    Permission.FRAUD_VIEW,
    FlagFilter,
    (
        Column("raised_at", N_("Since"), Kind.INSTANT, share=4),
        Column("rule", N_("Rule"), share=3),
        Column("name", N_("Campaign"), share=4),
        Column("code", N_("Code"), share=3),
        Column("user_id", N_("Buyer"), share=0),
        Column("found", N_("Counted"), Kind.NUMBER),
        Column("threshold", N_("Threshold"), Kind.NUMBER),
        Column("state", N_("State")),
        Column("decided_at", N_("Decided"), Kind.INSTANT, share=0),
        Column("reason", N_("Reason"), share=0),
    ),
    _flags,
    Sorting((CouponFlag.id,), (uuid.UUID,)),
    ("id",),
)
