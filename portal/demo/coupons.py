"""The coupons of the demo mall: codes to type, some to claim, a batch, and what is in Bea's wallet."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import insert
from sqlalchemy.orm import Session

from portal.kit.ids import new_id, normalise_code
from portal.models import Campaign, CouponCode, CouponGrant
from portal.rules.permissions import SYSTEM
from portal.services.coupons.make_codes import make_batch

REVOKED = "Half price"
WELCOME_TO_A_TIER = {"en": "Welcome to Silver", "ko": "실버 등급 환영 쿠폰"}


def make_coupons(
    session: Session,
    *,
    store_ids: Mapping[str, int],
    section_ids: Mapping[str, int],
    people: Mapping[str, uuid.UUID],
    now: datetime,
) -> None:
    """Make the campaigns, their codes, and what is in the wallets."""
    by_code, in_wallet, others = _by_code(store_ids, now), _in_wallet(section_ids, now), _others(store_ids)
    to_come = _to_come(section_ids, store_ids, now)
    rows = [campaign_row(each, now) for each in (*by_code.values(), *in_wallet, to_come, *others)]
    ids = session.scalars(insert(Campaign).returning(Campaign.id, sort_by_parameter_order=True), rows).all()
    session.add_all(
        CouponCode(code=normalise_code(code), campaign_id=one) for code, one in zip(by_code, ids, strict=False)
    )
    bea = people["bea@example.com"]
    held = zip(in_wallet, ids[len(by_code) :], strict=False)
    session.add_all(_held(bea, campaign_id, str(terms["name"]["en"]), now) for terms, campaign_id in held)
    session.flush()
    make_batch(
        session,
        campaign_id=ids[-1],
        size=200,
        prefix="MOA",
        length=9,
        per_code_cap=1,
        label_text="Cards in parcels",
        actor=SYSTEM,
        now=now,
    )


def _held(user_id: uuid.UUID, campaign_id: int, name: str, now: datetime) -> CouponGrant:
    """A coupon in a wallet since some time; one of them was taken back."""
    is_revoked = name == REVOKED
    return CouponGrant(
        id=new_id(),
        user_id=user_id,
        campaign_id=campaign_id,
        source="given",
        granted_at=now - timedelta(days=20),
        state="revoked" if is_revoked else "held",
        ended_at=now - timedelta(days=2) if is_revoked else None,
        reason="It was sent by mistake." if is_revoked else None,
    )


def _by_code(store_ids: Mapping[str, int], now: datetime) -> dict[str, dict[str, Any]]:
    return {
        "WELCOME10": {
            "name": {"en": "Welcome: 10% off", "ko": "환영 쿠폰 10% 할인"},
            "kind": "percentage",
            "target": "order",
            "percent": Decimal(10),
            "max_discounts": {"KRW": 8_000, "USD": 800},
            "conditions": [_spend({"KRW": 20_000, "USD": 2_000})],
            "lane": "order",
            "per_user_cap": 1,
        },
        "FREESHIP": {
            "name": {"en": "Free shipping", "ko": "무료 배송"},
            "kind": "free_shipping",
            "target": "shipping",
            "max_discounts": {"KRW": 6_000, "USD": 2_000},
            "lane": "shipping",
        },
        "SAM5000": {
            "name": {"en": "Moa Ceramics: a small thank-you", "ko": "모아도예 감사 쿠폰"},
            "kind": "fixed",
            "target": "order",
            "amounts": {"KRW": 5_000, "USD": 400},
            "conditions": [
                {"name": "store", "params": {"store_ids": [store_ids["demo:moa-ceramics"]]}},
                _spend({"KRW": 30_000, "USD": 2_500}),
            ],
            "store_id": store_ids["demo:moa-ceramics"],
            "funding": "seller",
            "lane": "store",
        },
        "SUMMER25": {
            "name": {"en": "Summer: 25% off", "ko": "여름 25% 할인"},
            "kind": "percentage",
            "target": "order",
            "percent": Decimal(25),
            "max_discounts": {"KRW": 20_000, "USD": 2_000},
            "valid_from": now - timedelta(days=120),
            "valid_until": now - timedelta(days=30),
        },
        "FLASH10": {
            "name": {"en": "Flash: the first ten save 10%", "ko": "선착순 10명 10% 할인"},
            "kind": "percentage",
            "target": "order",
            "percent": Decimal(10),
            "max_discounts": {"KRW": 30_000, "USD": 3_000},
            "lane": "order",
            "cap": 10,
            "per_user_cap": 1,
        },
    }


def _to_come(section_ids: Mapping[str, int], store_ids: Mapping[str, int], now: datetime) -> dict[str, Any]:
    """One that is still being thought about: what a builder can say, and who pays together."""
    return {
        "name": {"en": "Winter weekends: 10% off", "ko": "겨울 주말 10% 할인"},
        "kind": "percentage",
        "target": "order",
        "percent": Decimal(10),
        "max_discounts": {"KRW": 8_000, "USD": 800},
        "conditions": [
            {"name": "section", "params": {"included": [section_ids["kitchen"], section_ids["home"]]}},
            {"name": "window", "params": {"weekdays": [5, 6]}},
            {"name": "segment", "params": {"any_of": ["returning", "regular"]}},
        ],
        "funding": "shared",
        "seller_shares": {str(store_ids["demo:moa-ceramics"]): "40", str(store_ids["demo:lumen-room"]): "25"},
        "distribution": "claim",
        "lane": "order",
        "cap": 500,
        "per_user_cap": 1,
        "per_day_cap": 50,
        "budgets": {"KRW": 2_000_000, "USD": 150_000},
        "state": "draft",
        "valid_from": now + timedelta(days=14),
        "valid_until": now + timedelta(days=44),
    }


def _in_wallet(section_ids: Mapping[str, int], now: datetime) -> list[dict[str, Any]]:
    return [
        {
            "name": {"en": "Kitchen week: 15% off kitchen goods", "ko": "주방 주간 15% 할인"},
            "kind": "percentage",
            "target": "line",
            "percent": Decimal(15),
            "max_discounts": {"KRW": 15_000, "USD": 1_500},
            "conditions": [{"name": "section", "params": {"included": [section_ids["kitchen"]]}}],
            "distribution": "grant",
            "lane": "line",
            "per_user_cap": 1,
        },
        {
            "name": {"en": "Thank you for waiting", "ko": "기다려 주셔서 고마워요"},
            "kind": "fixed",
            "target": "order",
            "amounts": {"KRW": 3_000, "USD": 250},
            "conditions": [_spend({"KRW": 15_000, "USD": 1_200})],
            "distribution": "grant",
            "lane": "thanks",
            "per_user_cap": 1,
        },
        {
            "name": {"en": "For your name day", "ko": "생일 축하 쿠폰"},
            "kind": "fixed",
            "target": "order",
            "amounts": {"KRW": 7_000, "USD": 550},
            "conditions": [_spend({"KRW": 40_000, "USD": 3_000})],
            "distribution": "grant",
            "lane": "gift",
            "per_user_cap": 1,
            "valid_from": now - timedelta(days=28),
            "valid_until": now + timedelta(days=2),
            "grace_hours": 24,
        },
        {
            "name": {"en": "Autumn shipping", "ko": "가을 배송비 쿠폰"},
            "kind": "free_shipping",
            "target": "shipping",
            "distribution": "grant",
            "valid_from": now - timedelta(days=40),
            "valid_until": now - timedelta(days=5),
        },
        {
            "name": {"en": REVOKED, "ko": "절반 할인"},
            "kind": "percentage",
            "target": "order",
            "percent": Decimal(50),
            "max_discounts": {"KRW": 10_000, "USD": 800},
            "distribution": "grant",
            "per_user_cap": 1,
        },
    ]


def _others(store_ids: Mapping[str, int]) -> list[dict[str, Any]]:
    """What can be claimed, and last what a batch of codes opens."""
    return [
        {
            "name": {"en": "Weekend treat", "ko": "주말 선물"},
            "kind": "percentage",
            "target": "order",
            "percent": Decimal(7),
            "max_discounts": {"KRW": 6_000, "USD": 500},
            "conditions": [_spend({"KRW": 25_000, "USD": 2_000})],
            "distribution": "claim",
            "lane": "order",
            "cap": 500,
            "per_user_cap": 1,
        },
        {
            "name": {"en": "From the kiln", "ko": "가마에서 갓 나온 쿠폰"},
            "kind": "fixed",
            "target": "order",
            "amounts": {"KRW": 4_000, "USD": 300},
            "store_id": store_ids["demo:moa-ceramics"],
            "funding": "seller",
            "conditions": [_spend({"KRW": 20_000, "USD": 1_500})],
            "distribution": "claim",
            "lane": "store",
            "per_user_cap": 1,
        },
        {
            "name": {"en": "Gold members: free shipping", "ko": "골드 회원 무료 배송"},
            "kind": "free_shipping",
            "target": "shipping",
            "max_discounts": {"KRW": 4_000, "USD": 900},
            "conditions": [{"name": "tier", "params": {"any_of": ["gold"]}}],
            "distribution": "automatic",
            "lane": "shipping",
        },
        {
            "name": WELCOME_TO_A_TIER,
            "kind": "fixed",
            "target": "order",
            "amounts": {"KRW": 5_000, "USD": 400},
            "conditions": [_spend({"KRW": 30_000, "USD": 2_500})],
            "distribution": "grant",
            "lane": "gift",
            "per_user_cap": 1,
        },
        {
            "name": {"en": "A card in the parcel", "ko": "택배 속 카드 쿠폰"},
            "kind": "fixed",
            "target": "order",
            "amounts": {"KRW": 2_000, "USD": 150},
            "store_id": store_ids["demo:moa-ceramics"],
            "funding": "seller",
            "distribution": "code",
            "lane": "store",
            "per_user_cap": 1,
        },
    ]


def _spend(minimum: Mapping[str, int]) -> dict[str, Any]:
    return {"name": "minimum_spend", "params": {"minimum": dict(minimum)}}


def campaign_row(terms: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """Everything that a campaign may leave out, with what it was said to be."""
    empty: dict[str, Any] = {
        "percent": None,
        "amounts": {},
        "max_discounts": {},
        "conditions": [],
        "store_id": None,
        "funding": "platform",
        "seller_shares": {},
        "state": "running",
        "distribution": "code",
        "lane": "default",
        "stackable": True,
        "cap": None,
        "per_user_cap": None,
        "per_day_cap": None,
        "budgets": {},
        "valid_from": now - timedelta(days=1),
        "valid_until": now + timedelta(days=365),
        "issued_at": now - timedelta(days=1),
        "issued_by": "demo",
    }
    return {**empty, **terms}
