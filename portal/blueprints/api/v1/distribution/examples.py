"""Examples of codes and holders."""

from __future__ import annotations

from portal.blueprints.api.v1.examples import AT

ID = "0193a7c2-5d1e-7c7e-9f3a-0b6f3f1d2a4b"
CODE = {
    "code": "SPRING25",
    "state": "active",
    "cap": 500,
    "uses": 31,
    "batch_id": None,
    "is_held": False,
    "made_at": AT,
}
CODES = {"items": [CODE], "next_cursor": None, "previous_cursor": None}
BATCH = {
    "id": ID,
    "label": "Letters of November",
    "size": 2000,
    "prefix": "NOV",
    "length": 12,
    "per_code_cap": 1,
    "state": "active",
    "made_at": AT,
}
BATCHES = {"items": [BATCH]}
HOLDER = {
    "id": ID,
    "person": ID,
    "state": "held",
    "source": "given",
    "code": None,
    "granted_at": AT,
    "uses": 0,
}
HOLDERS = {"items": [HOLDER], "next_cursor": None, "previous_cursor": None}
SHARED = {"code": "SPRING25", "cap": 500}
WANTED = {"size": 2000, "prefix": "NOV", "length": 12, "per_code_cap": 1, "label": "Letters of November"}
PAUSE = {"to": "paused", "reason": "A mistake in the terms."}
WITHDRAWAL = {"to": "revoked", "reason": "It was posted on a forum."}
STATE = {"state": "running"}
FILE = "code,state,limit,uses\r\nNOVABCDEFGHJKMN,active,1,0\r\n"
