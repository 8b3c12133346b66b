"""An example of a list of wishes."""

from __future__ import annotations

from portal.blueprints.api.v1.examples import AT, BOWL, PICTURE, SAGE, krw

LIST = {
    "items": [
        {
            "variant_id": 97,
            "product": "rice-bowl",
            "name": BOWL,
            "options": SAGE,
            "picture": PICTURE,
            "store": {"en": "Moa Ceramics", "ko": "모아 세라믹"},
            "price": krw(12000),
            "in_stock": True,
            "added_at": AT,
        }
    ]
}
