"""Examples of the key and of balances."""

from __future__ import annotations

from portal.blueprints.api.v1.examples import AT, krw

KEY = {
    "name": "Kiosk 4",
    "hint": "x9Qk",
    "channel": {"code": "kr", "name": {"en": "Portal Korea"}, "currency": "KRW", "country": "KR"},
    "permissions": ["cart:edit", "catalogue:view", "order:list", "order:view", "payment:initiate"],
    "created_at": AT,
    "expires_at": None,
    "requests_per_minute": 1200,
}
BALANCES = {
    "deposit": {"balance": krw(25000), "held": krw(5000), "usable": krw(20000)},
    "mileage": {"points": 1200, "held_points": 0, "usable_points": 1200, "pending_points": 180},
}
