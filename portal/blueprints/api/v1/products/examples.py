"""Examples of a store's products."""

from __future__ import annotations

from typing import Any

from portal.blueprints.api.v1.examples import AT, BOWL, PICTURE, SAGE, STORE_REF, krw

PRODUCT_ID = 97
VARIANT_ID = 211
KEY = PICTURE.removeprefix("/pictures/").removesuffix(".svg")
STOCK: dict[str, Any] = {"on_hand": 40, "reserved": 2, "kept_back": 0, "warn_at": 5, "version": 7}
VARIANT: dict[str, Any] = {
    "id": VARIANT_ID,
    "sku": "MOA-BOWL-SAGE",
    "options": SAGE,
    "picture": KEY,
    "is_offered": True,
    "prices": [{"channel": "kr", "price": krw(12000), "compare_at": krw(15000)}],
    "stock": STOCK,
}
PRODUCT: dict[str, Any] = {
    "id": PRODUCT_ID,
    "slug": "rice-bowl",
    "store": STORE_REF,
    "name": BOWL,
    "description": {"en": "Thrown by hand.", "ko": "손으로 빚었어요."},
    "section": "kitchen",
    "customs_code": "691200",
    "state": "active",
    "pictures": [{"key": KEY, "alt": {"en": "A green bowl", "ko": "초록색 그릇"}}],
    "variants": [VARIANT],
    "updated_at": AT,
    "version": 3,
}
PAGE: dict[str, Any] = {
    "items": [
        {
            "id": PRODUCT_ID,
            "name": BOWL,
            "state": "active",
            "section": {"en": "Kitchen", "ko": "주방"},
            "variants": 1,
            "free": 38,
            "updated_at": AT,
        }
    ],
    "next_cursor": None,
    "previous_cursor": None,
}
REQUEST: dict[str, Any] = {
    "name": BOWL,
    "description": PRODUCT["description"],
    "section": "kitchen",
    "state": "draft",
    "variants": [
        {
            "sku": "MOA-BOWL-SAGE",
            "options": SAGE,
            "prices": [{"channel": "kr", "amount_minor": 12000, "compare_at_minor": 15000}],
            "on_hand": 40,
        }
    ],
}
CHANGE: dict[str, Any] = {
    **REQUEST,
    "state": "active",
    "variants": [{**REQUEST["variants"][0], "id": VARIANT_ID}],
    "version": 2,
}
COUNT: dict[str, Any] = {"on_hand": 40, "warn_at": 5, "reason": "delivery", "version": 6}
