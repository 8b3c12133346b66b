"""Examples of files of lists."""

from __future__ import annotations

from portal.blueprints.api.v1.examples import AT

ID = "0193a7c2-5d1e-7c7e-9f3a-0b6f3f1d2a4b"
SHA256 = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
REQUEST = {"list": "orders", "format": "csv", "filter": {"status": "paid", "channel": "kr", "first": "2026-11-01"}}
EXPORT = {
    "id": ID,
    "list": "orders",
    "format": "csv",
    "name": "orders-paid-2026-11-01-2026-11-21.csv",
    "state": "reading",
    "rows": 120000,
    "rows_read": 46000,
    "size": None,
    "sha256": None,
    "asked_at": AT,
    "expires_at": None,
}
READY = EXPORT | {"state": "ready", "rows_read": 120000, "size": 9120333, "sha256": SHA256, "expires_at": AT}
PAGE = {"items": [READY], "next_cursor": None, "previous_cursor": None}
FILE = "Order,Placed,Paid,Channel\r\nKR-7F3K9Q2MXA,2026-11-21T04:43:01+00:00,,kr\r\n"
SIGNATURE = {
    "format": "portal-list/1",
    "name": "orders-paid-2026-11-01-2026-11-21.csv",
    "rows": 120000,
    "sha256": SHA256,
    "signature": "5f0c" * 32,
    "key": "a1b2" * 16,
}
