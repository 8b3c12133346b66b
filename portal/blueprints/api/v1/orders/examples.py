"""Examples of orders: that of the quote's example, placed, paid and given up."""

from __future__ import annotations

from typing import Any

from portal.blueprints.api.v1.examples import AT, BOWL, NUMBER, PICTURE, SAGE, STORE_REF, krw
from portal.blueprints.api.v1.quote.examples import AMOUNTS, CHOICES, FINGERPRINT

ADDRESS = {
    "name": "Bea Kim",
    "phone": "010-1234-5678",
    "postcode": "04524",
    "line1": "110, Sejong-daero, Jung-gu, Seoul",
    "line2": "3F",
    "city": "",
    "region": "",
    "country": "KR",
}
CONTACT = {"email": "bea@example.com", "name": "Bea Kim", "phone": "010-1234-5678"}
REQUEST = {
    **CHOICES,
    "fingerprint": FINGERPRINT,
    "address": ADDRESS,
    "contact": CONTACT,
    "consents": {"terms": "2026-11", "seller_data": "2026-11", "payment_agency": "2026-11"},
    "return_url": "https://partner.example/after-payment",
}


def _action(kind: str, **values: Any) -> dict[str, Any]:
    empty = {"poll_after_ms": None, "url": None, "client_secret": None, "publishable_key": None, "account": None}
    return {"type": kind, **empty, **values}


PLACED = {
    "number": NUMBER,
    "status": "pending",
    "total": krw(24600),
    "total_in_platform": None,
    "to_pay_now": krw(19600),
    "placed_at": AT,
    "expires_at": "2026-11-21T05:13:01.250000Z",
    "next_action": _action("wait", poll_after_ms=500),
}
PAGE = {
    "items": [
        {
            "number": NUMBER,
            "status": "paid",
            "total": krw(24600),
            "placed_at": AT,
            "first_item": BOWL,
            "lines": 1,
        }
    ],
    "next_cursor": None,
    "previous_cursor": None,
}
LINE = {
    "id": "01935f2e-7b1c-7000-8000-000000000003",
    "variant_id": 97,
    "sku": "MOA-BOWL-SAGE",
    "name": BOWL,
    "options": SAGE,
    "picture": PICTURE,
    "quantity": 2,
    "refunded_quantity": 0,
    "unit_price": krw(12000),
    "subtotal": krw(24000),
    "discount": krw(2400),
    "tax": krw(1964),
    "to_pay": krw(21600),
}
PART = {
    "id": "01935f2e-7b1c-7000-8000-000000000002",
    "status": "released",
    "store": STORE_REF,
    "shipping_fee": krw(3000),
    "shipping_discount": krw(0),
    "to_pay": krw(24600),
    "deliver_from": "2026-11-22T04:43:01.250000Z",
    "deliver_until": "2026-11-24T04:43:01.250000Z",
    "lines": [LINE],
}
ORDER: dict[str, Any] = {
    **PLACED,
    "status": "paid",
    "next_action": _action("none"),
    "id": "01935f2e-7b1c-7000-8000-000000000001",
    "channel": "kr",
    "currency": "KRW",
    "paid_at": "2026-11-21T04:43:02.900000Z",
    "is_under_review": False,
    "amounts": [{**row, "coupon": ""} for row in AMOUNTS],
    "mileage_promised": 180,
    "payment": {
        "status": "captured",
        "method": "credit_card",
        "attempt": "captured",
        "reason": None,
        "card": {"brand": "visa", "last4": "4242"},
    },
    "tenders": [
        {"type": "deposit", "status": "captured", "amount": krw(5000), "points": None, "refunded": krw(0)},
        {"type": "gateway", "status": "captured", "amount": krw(19600), "points": None, "refunded": krw(0)},
    ],
    "parts": [PART],
    "contact": CONTACT,
    "address": ADDRESS,
    "documents": [
        {
            "kind": "receipt",
            "label": "KR-2026-R-000042",
            "address": "https://mall.example/kr/orders/KR-7F3K9Q2MXA/documents/KR-2026-R-000042",
        }
    ],
    "history": [
        {
            "at": AT,
            "subject": "order",
            "subject_id": "01935f2e-7b1c-7000-8000-000000000001",
            "state": "pending",
            "reason": None,
        }
    ],
}
CANCELLED = ORDER | {"status": "cancelled", "paid_at": None, "payment": None, "tenders": []}
