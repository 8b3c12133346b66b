"""Examples of goods on channels."""

from __future__ import annotations

from portal.blueprints.api.v1 import overrides
from portal.blueprints.api.v1.examples import AT, krw

TEXTS = {
    "version": 2,
    "name": {"ko": "세이지 밥그릇"},
    "description": {},
    "section": None,
    "by_hand": False,
    "waits": False,
}
PRICE = {
    "id": 7,
    "variant_id": 97,
    "price": krw(9_900),
    "valid_from": AT,
    "valid_until": "2026-11-30T15:00:00Z",
}
DECISION = {
    **overrides.EXAMPLE,
    "product_id": 41,
    "term": "product-name-ko",
    "after": "세이지 밥그릇",
    "why": "Buyers there look for the colour.",
}
HERE = {
    "channel": "kr",
    "is_sold": True,
    "variants": [{"variant_id": 97, "price": krw(12_000), "price_now": krw(9_900), "kept": 5, "floor": 0}],
    "prices": [PRICE],
    "texts": TEXTS,
    "decisions": [DECISION],
}
EVERYWHERE = {"items": [HERE]}
SALE = {"is_sold": True}
UNITS = {"variants": [{"variant_id": 97, "kept": 5, "floor": 0}]}
FOR_TIME = {"amount_minor": 9_900, "valid_until": "2026-11-30T15:00:00Z"}
WORDS = {"version": 1, "name": {"ko": "세이지 밥그릇"}, "why": DECISION["why"]}
