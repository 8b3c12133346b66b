"""What the document shows as examples of corrections."""

from __future__ import annotations

from typing import Any

from portal.blueprints.api.v1.examples import AT, krw

ID = "01a3bd9e-0c5c-7d5b-8a57-6b1f3f0f3c12"
PERSON = "01a3bd9e-0c5c-7d5b-8a57-6b1f3f0f3c13"
REQUEST: dict[str, Any] = {
    "kind": "deposit",
    "currency": "KRW",
    "reason": "Top-up of 20 November was credited twice",
    "lines": [{"person": PERSON, "amount_minor": -5_000}],
}
ADJUSTMENT: dict[str, Any] = {
    "id": ID,
    "kind": "deposit",
    "currency": "KRW",
    "reason": "Top-up of 20 November was credited twice",
    "state": "running",
    "needs_second": False,
    "up": krw(0),
    "down": krw(5_000),
    "created_at": AT,
    "lines": [{"n": 1, "person": PERSON, "amount": krw(-5_000), "state": "ready", "code": None, "entry": None}],
}
