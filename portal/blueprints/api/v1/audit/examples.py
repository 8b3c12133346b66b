"""Examples of the audit trail."""

from __future__ import annotations

from portal.blueprints.api.v1.examples import AT

HASH = "2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae"
RECORD = {
    "id": 4711,
    "at": AT,
    "actor": "user:0192f3a1-7c3e-7c7e-9f3a-0b6f3f1d2a4b",
    "action": "refund:approved",
    "ref": "refund:0193a7c2-5d1e-7c7e-9f3a-0b6f3f1d2a4b",
    "facts": {"after": {"total_minor": 24000}},
    "link": 4650,
    "hash": HASH,
    "holds": True,
}
PAGE = {"items": [RECORD], "next_cursor": None, "previous_cursor": None}
FILE = '{"format":"portal-audit/1","first":1,"prev_hash":"genesis","exported_at":"2026-11-21T04:43:01Z","key":"a1b2"}\n'
CHAIN = {"links": 4650, "hash": HASH, "sealed_at": AT, "waiting": 3, "key": "a1b2" * 16}
