"""What the document shows as examples of payments."""

from __future__ import annotations

from typing import Any

from portal.blueprints.api.v1.examples import AT, BOWL, NUMBER, krw

ID = "01a3bd9e-0c5c-7d5b-8a57-6b1f3f0f3c11"
ITEM: dict[str, Any] = {
    "id": ID,
    "created_at": AT,
    "purpose": "order",
    "order_number": NUMBER,
    "first_item": BOWL,
    "lines": 2,
    "method": "credit_card",
    "status": "captured",
    "amount": krw(20_000),
    "refunded": krw(0),
}
PAGE: dict[str, Any] = {"items": [ITEM], "next_cursor": None, "previous_cursor": None}
PAYMENT: dict[str, Any] = {
    **ITEM,
    "order_total": krw(23_000),
    "gateway": "stripe",
    "gateway_transaction_id": "pi_3Oq2Xb2eZvKYlo2C1x",
    "completed_at": AT,
    "tenders": [
        {"type": "deposit", "amount": krw(3_000), "points": None, "refunded": krw(0)},
        {"type": "gateway", "amount": krw(20_000), "points": None, "refunded": krw(0)},
    ],
    "documents": [{"kind": "receipt", "label": "KR-2026-R-000001"}],
}
CANCELLED = PAYMENT | {"purpose": "top_up", "order_number": None, "status": "cancelled", "documents": []}
