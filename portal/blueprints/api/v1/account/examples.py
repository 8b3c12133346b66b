"""Examples of the key and of balances."""

from __future__ import annotations

from portal.blueprints.api.v1.examples import AT, krw

KEY = {
    "client_id": "0192f3a1-7c3e-7c7e-9f3a-0b6f3f1d2a4b",
    "name": "Kiosk 4",
    "hint": "x9Qk",
    "channel": {"code": "kr", "name": {"en": "Portal Korea"}, "currency": "KRW", "country": "KR"},
    "permissions": ["cart:edit", "catalogue:view", "order:list", "order:view", "payment:initiate"],
    "created_at": AT,
    "expires_at": None,
    "previous_key_until": None,
    "requests_per_minute": 1200,
}
ROTATION = {"overlap_hours": 24}
NEW_KEY = {"key": "ptk_live_7Zr0f3c9YxKQ2mVb", "previous_key_until": AT}
BALANCES = {
    "deposit": {"balance": krw(25000), "held": krw(5000), "usable": krw(20000)},
    "mileage": {"points": 1200, "held_points": 0, "usable_points": 1200, "pending_points": 180},
}
