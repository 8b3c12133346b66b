"""An example of a quote: two bowls for 24,000 won, 10% off, 3,000 shipping, 5,000 from the deposit."""

from __future__ import annotations

from portal.blueprints.api.v1.examples import STORE_REF, krw

FINGERPRINT = "9b1f0c6c2e6f4d1b8a7c5e3f2d1a0b9c"

CHOICES = {"codes": ["AUTUMN10"], "deposit_minor": 5000, "mileage_points": 0, "method": "credit_card"}


def _row(
    kind: str, amount_minor: int, *, name: str = "", coupon: str = "", included: bool = False
) -> dict[str, object]:
    return {"kind": kind, "name": name, "coupon": coupon, "amount": krw(amount_minor), "included": included}


AMOUNTS = [
    _row("items", 24000),
    _row("discount", -2400, name="10% off", coupon="7"),
    _row("shipping", 3000),
    _row("tax", 2236, included=True),
    _row("deposit", -5000),
    _row("to_pay_now", 19600),
]
QUOTE = {
    "fingerprint": FINGERPRINT,
    "can_be_placed": True,
    "currency": "KRW",
    "amounts": AMOUNTS,
    "total": krw(24600),
    "total_in_platform": None,
    "to_pay_now_in_platform": None,
    "closed": None,
    "to_pay_now": krw(19600),
    "lines": [
        {
            "variant_id": 97,
            "quantity": 2,
            "unit_price": krw(12000),
            "subtotal": krw(24000),
            "discount": krw(2400),
            "tax": krw(1964),
            "to_pay": krw(21600),
        }
    ],
    "shipping": [{"store": STORE_REF, "fee": krw(3000), "discount": krw(0), "to_pay": krw(3000)}],
    "unavailable": [],
    "coupons": [
        {
            "key": "7",
            "name": "10% off",
            "code": "AUTUMN10",
            "is_applied": True,
            "saving": krw(2400),
            "reason": None,
        },
        {
            "key": "9",
            "name": "Free shipping",
            "code": None,
            "is_applied": False,
            "saving": krw(3000),
            "reason": {
                "code": "COUPON_MIN_SPEND",
                "detail": "Spend ₩6,000 more to use this coupon; it is valid from ₩30,000.",
            },
        },
    ],
    "is_best_set": True,
    "refused_codes": [],
    "deposit": {"usable": krw(20000), "highest": krw(20000), "used": krw(5000), "reason": None},
    "mileage": {
        "usable_points": 0,
        "highest_points": 0,
        "used_points": 0,
        "used": krw(0),
        "earned_points": 196,
        "reason": None,
    },
    "methods": [
        {
            "method": "credit_card",
            "name": "Credit card",
            "is_usable": True,
            "flow": "element",
            "element": {
                "vendor": "stripe",
                "publishable_key": "pk_live_0aBcD",
                "script_url": "https://js.stripe.com/endive/stripe.js",
            },
            "reason": None,
        }
    ],
    "consents": [
        {"kind": "terms", "version": "2026-11", "label": "I accept the terms of purchase", "is_required": True}
    ],
}
