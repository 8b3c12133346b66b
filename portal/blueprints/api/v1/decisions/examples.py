"""Examples of refunds that wait."""

from __future__ import annotations

from portal.blueprints.api.v1.examples import AT, NUMBER, krw

ID = "0193a7c2-5d1e-7c7e-9f3a-0b6f3f1d2a4b"
ROW = {
    "id": ID,
    "order_number": NUMBER,
    "status": "requested",
    "reason": "damaged",
    "origin": "buyer",
    "total": krw(24000),
    "requested_at": AT,
    "due_at": None,
}
PAGE = {"items": [ROW], "next_cursor": None, "previous_cursor": None}
