"""What the document shows as examples of invoices."""

from __future__ import annotations

from typing import Any

from portal.blueprints.api.v1.examples import AT, NO_STEP, NUMBER, krw

INVOICE_NUMBER = "INV-7F3K9Q2MXA"
INVOICE: dict[str, Any] = {
    "number": INVOICE_NUMBER,
    "order_number": NUMBER,
    "status": "open",
    "total": krw(15_000),
    "paid": krw(0),
    "lowered": krw(0),
    "left": krw(15_000),
    "issued_at": AT,
    "due_at": AT,
}
PAGE: dict[str, Any] = {"items": [INVOICE], "next_cursor": None, "previous_cursor": None}
REQUEST: dict[str, Any] = {"amount_minor": 15_000, "method": "deposit"}
PAID: dict[str, Any] = {
    "payment_id": None,
    "next_action": NO_STEP,
    "invoice": INVOICE | {"status": "paid", "paid": krw(15_000), "left": krw(0)},
}
