"""Examples of the catalogue's answers."""

from __future__ import annotations

from portal.blueprints.api.v1.examples import BOWL, PICTURE, SAGE, STORE_REF, krw

STORE = {
    **STORE_REF,
    "description": {"en": "Stoneware from Icheon."},
    "picture": None,
    "country": "KR",
    "shipping": {"fee": krw(3000), "free_over": krw(50000), "days": [1, 3]},
    "products": 28,
}
PAGE = {
    "items": [
        {
            "id": 41,
            "slug": "rice-bowl",
            "name": BOWL,
            "store": STORE_REF,
            "picture": PICTURE,
            "price_from": krw(12000),
            "price_to": krw(14000),
            "compare_at": None,
            "available": 64,
            "state": "in_stock",
        }
    ],
    "next_cursor": "WyI5ZjFiIiwwLFs0MSw0MSwxXV0",
    "previous_cursor": None,
    "total": 312,
    "total_is_capped": False,
}
PRODUCT = {
    "id": 41,
    "slug": "rice-bowl",
    "name": BOWL,
    "description": {"en": "For rice, and for soup."},
    "picture": PICTURE,
    "section": "kitchen",
    "store": STORE,
    "variants": [
        {
            "id": 97,
            "sku": "MOA-BOWL-SAGE",
            "options": SAGE,
            "picture": None,
            "price": krw(12000),
            "compare_at": None,
            "available": 20,
            "state": "in_stock",
        }
    ],
}
SECTIONS = {"items": [{"slug": "kitchen", "name": {"en": "Kitchen", "ko": "주방"}, "parent": None}]}
STORES = {"items": [STORE]}
