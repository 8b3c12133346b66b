"""Examples of campaigns."""

from __future__ import annotations

from portal.blueprints.api.v1.examples import AT, krw

TERMS = {
    "names": {"en": "Kitchen week", "ko": "주방 주간"},
    "kind": "percentage",
    "percent": "10",
    "max_discounts": {"KRW": 8000},
    "conditions": [{"name": "minimum_spend", "params": {"minimum": {"KRW": 20000}}}],
    "valid_from": "2036-12-01T00:00:00+09:00",
    "valid_until": "2037-01-01T00:00:00+09:00",
    "limits": {"per_user": 1},
    "on_refund": "ask_back",
}
WORDS = (
    "10% off, at most ₩8,000, from ₩20,000 on, in December 2036, once per person, "
    "asked back where too little is kept after a return"
)
CAMPAIGN = {
    "id": 12,
    "version": 1,
    "state": "draft",
    "words": WORDS,
    "uses": 0,
    "issued_at": AT,
    "terms": TERMS,
}
PAGE = {"items": [CAMPAIGN], "next_cursor": None, "previous_cursor": None}
PREVIEW = {
    "words": {
        "en": WORDS,
        "ko": "10% 할인, 최대 8,000원, 20,000원 이상 구매 시, 2036년 12월, 1인 1회, "
        "반품 후 남은 상품이 조건에 못 미치면 할인 회수",
    }
}
CONDITIONS = {
    "items": [
        {
            "name": "quantity",
            "title": "Quantity",
            "params_schema": {
                "type": "object",
                "properties": {
                    "minimum": {"title": "Items at least", "type": "integer", "minimum": 1, "maximum": 9999}
                },
                "additionalProperties": False,
            },
        }
    ]
}
DRY_RUN = {
    "orders": 120,
    "one_in": 1,
    "looked_at": 120,
    "qualified": 31,
    "people": 28,
    "currencies": [
        {
            "currency": "KRW",
            "orders": 31,
            "sales": krw(1240000),
            "cost": krw(118000),
            "stores": [{"store_id": 3, "orders": 31, "cost": krw(118000), "borne_by_store": krw(0)}],
            "days": [{"day": "2026-11-20", "orders": 31, "cost": krw(118000)}],
        }
    ],
    "limited": {"per_user": 3},
    "failed_checks": {"minimum_spend": 86},
    "overlap": {"7": 4},
}
