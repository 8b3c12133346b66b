"""An example of the cart."""

from __future__ import annotations

from portal.blueprints.api.v1.examples import BOWL, PICTURE, SAGE, STORE_REF, krw

LINE = {
    "variant_id": 97,
    "sku": "MOA-BOWL-SAGE",
    "product": {"id": 41, "slug": "rice-bowl", "name": BOWL},
    "store": STORE_REF,
    "options": SAGE,
    "picture": PICTURE,
    "quantity": 2,
    "unit_price": krw(12000),
    "subtotal": krw(24000),
    "available": 20,
    "can_be_bought": True,
    "price_changed": False,
}
CART = {"version": 3, "currency": "KRW", "quantity": 2, "subtotal": krw(24000), "lines": [LINE]}
