"""What the document shows as examples of top-ups."""

from __future__ import annotations

from typing import Any

from portal.blueprints.api.v1.examples import AT, krw

ID = "01a3bd9e-0c5c-7d5b-8a57-6b1f3f0f3c12"
REQUEST: dict[str, Any] = {"amount_minor": 30_000, "method": "virtual_account"}
TOP_UP: dict[str, Any] = {
    "id": ID,
    "status": "pending",
    "method": "virtual_account",
    "amount": krw(30_000),
    "amount_in_platform": None,
    "created_at": AT,
    "expires_at": AT,
    "next_action": {
        "type": "wait",
        "poll_after_ms": 500,
        "url": None,
        "client_secret": None,
        "publishable_key": None,
        "account": None,
    },
}
CANCELLED: dict[str, Any] = TOP_UP | {
    "status": "cancelled",
    "next_action": TOP_UP["next_action"] | {"type": "none", "poll_after_ms": None},
}
LIMITS: dict[str, Any] = {
    "minimum": krw(1_000),
    "maximum": krw(2_000_000),
    "daily": krw(5_000_000),
    "left": krw(5_000_000),
}
