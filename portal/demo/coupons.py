"""The coupons of the demo mall: codes to type, and two in Bea's wallet."""

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


def make_coupons(
    session: Session,
    *,
    store_ids: Mapping[str, int],
    section_ids: Mapping[str, int],
    people: Mapping[str, uuid.UUID],
    now: datetime,
) -> None:
    """Make the campaigns, their codes, and what is in the wallets."""
    by_code, in_wallet = _by_code(store_ids, now), _in_wallet(section_ids)
    rows = [_row(each, now) for each in (*by_code.values(), *in_wallet)]
    ids = session.scalars(insert(Campaign).returning(Campaign.id, sort_by_parameter_order=True), rows).all()
    session.add_all(
        CouponCode(code=normalise_code(code), campaign_id=one) for code, one in zip(by_code, ids, strict=False)
    )
    bea = people["bea@example.com"]
    session.add_all(
        CouponGrant(id=new_id(), user_id=bea, campaign_id=one, granted_at=now) for one in ids[len(by_code) :]
    )
    session.flush()


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


def _in_wallet(section_ids: Mapping[str, int]) -> list[dict[str, Any]]:
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
    ]


def _spend(minimum: Mapping[str, int]) -> dict[str, Any]:
    return {"name": "minimum_spend", "params": {"minimum": dict(minimum)}}


def _row(terms: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """Everything that a campaign may leave out, with what it was said to be."""
    empty: dict[str, Any] = {
        "percent": None,
        "amounts": {},
        "max_discounts": {},
        "conditions": [],
        "store_id": None,
        "funding": "platform",
        "distribution": "code",
        "lane": "default",
        "stackable": True,
        "cap": None,
        "per_user_cap": None,
        "valid_from": now - timedelta(days=1),
        "valid_until": now + timedelta(days=365),
        "issued_at": now - timedelta(days=1),
        "issued_by": "demo",
    }
    return {**empty, **terms}
