"""What the document shows as examples of mileage."""

from __future__ import annotations

from typing import Any

from portal.blueprints.api.v1.examples import AT, krw

ID = "01a3bd9e-0c5c-7d5b-8a57-6b1f3f0f3c12"
GIVEN: dict[str, Any] = {"id": ID}
DONATION: dict[str, Any] = {"cause_id": 1, "points": 500}
GIFT: dict[str, Any] = {"email": "friend@example.com", "points": 500, "message": "Thank you!"}
CAUSES: dict[str, Any] = {
    "items": [{"id": 1, "name": {"en": "Trees for the city"}, "description": {"en": "5,000 points plant a tree."}}]
}
MILEAGE: dict[str, Any] = {
    "usable_points": 3800,
    "held_points": 0,
    "pending_points": 180,
    "owed_points": 0,
    "ending_points": 800,
    "worth": krw(3800),
    "pending": [{"order_number": "KR-7F3K9Q2MXA", "points": 180, "usable_at": AT}],
    "lots": [
        {
            "source": "order",
            "order_number": "KR-7F3K9Q2MXA",
            "granted_points": 800,
            "left_points": 800,
            "granted_at": AT,
            "expires_at": AT,
        }
    ],
    "tier": {
        "code": "silver",
        "name": {"en": "Silver"},
        "multiplier": "1.2",
        "spent": krw(320000),
        "next_code": "gold",
        "missing": krw(680000),
        "holds_until": AT,
    },
}
