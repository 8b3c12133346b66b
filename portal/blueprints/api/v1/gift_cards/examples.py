"""What the document shows as examples of gift cards."""

from __future__ import annotations

from typing import Any

from portal.blueprints.api.v1.examples import AT, krw

ID = "01a3bd9e-0c5c-7d5b-8a57-6b1f3f0f3c31"
PAYMENT = "01a3bd9e-0c5c-7d5b-8a57-6b1f3f0f3c32"
REQUEST: dict[str, Any] = {
    "amount_minor": 30_000,
    "recipient": "friend@example.com",
    "sender": "Bea",
    "message": "Happy birthday!",
    "method": "bank_transfer",
}
PURCHASE: dict[str, Any] = {
    "payment_id": PAYMENT,
    "status": "pending",
    "amount": krw(30_000),
    "next_action": {
        "type": "wait",
        "poll_after_ms": 500,
        "url": None,
        "client_secret": None,
        "publishable_key": None,
        "account": None,
    },
}
CARDS: dict[str, Any] = {
    "items": [
        {
            "id": ID,
            "state": "active",
            "amount": krw(30_000),
            "is_own": True,
            "recipient": "friend@example.com",
            "payment_id": PAYMENT,
            "created_at": AT,
            "expires_at": AT,
            "redeemed_at": None,
        }
    ]
}
REDEMPTION: dict[str, Any] = {"code": "7KQ2-M4VD-9XTN-3HPA"}
REDEEMED: dict[str, Any] = {"amount": krw(30_000)}
RETURNED: dict[str, Any] = {"amount": krw(30_000), "sent_back": krw(30_000)}
