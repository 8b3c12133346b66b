"""What the document shows as examples of withdrawals."""

from __future__ import annotations

from typing import Any

from portal.blueprints.api.v1.examples import AT, krw

ID = "01a3bd9e-0c5c-7d5b-8a57-6b1f3f0f3c41"
REQUEST: dict[str, Any] = {
    "amount_minor": 30_000,
    "bank": {"bank": "Hana Bank", "number": "123-456-789012", "holder": "Bea Kim"},
}
WITHDRAWAL: dict[str, Any] = {
    "id": ID,
    "status": "approved",
    "amount": krw(30_000),
    "is_looked_at": False,
    "requested_at": AT,
}
WITHDRAWALS: dict[str, Any] = {"items": [WITHDRAWAL]}
