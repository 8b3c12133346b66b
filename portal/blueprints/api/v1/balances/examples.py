"""What the document shows as examples of histories."""

from __future__ import annotations

from typing import Any

from portal.blueprints.api.v1.examples import AT, NUMBER, krw

ACCOUNT: dict[str, Any] = {
    "kind": "deposit",
    "balance": krw(25_000),
    "held": krw(5_000),
    "usable": krw(20_000),
    "as_of": AT,
}
PAGE: dict[str, Any] = {
    "items": [
        {
            "id": 8812,
            "at": AT,
            "kind": "order_paid",
            "order_number": NUMBER,
            "amount": krw(-12_900),
            "balance_after": krw(25_000),
        }
    ],
    "next_cursor": None,
    "previous_cursor": None,
}
