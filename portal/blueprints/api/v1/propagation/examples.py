"""Examples of how changes come through."""

from __future__ import annotations

from typing import Any

from portal.blueprints.api.v1.examples import AT, NUMBER

LAG = {"events": 512, "late": 1, "untold": 0, "p50_ms": 48, "p99_ms": 310, "worst_ms": 2_140}
TARGET = {
    "kind": "pages",
    "webhook_id": None,
    "name": "",
    "state": "on",
    "done": 512,
    "waiting": 0,
    "failing": 0,
    "dead": 0,
    "p50_ms": 48,
    "p99_ms": 310,
}
EVENT = {
    "id": 90_211,
    "kind": "order.paid",
    "subject": NUMBER,
    "channel_id": 3,
    "attempts": 4,
    "created_at": AT,
    "told_ms": 44,
    "handled_ms": None,
    "due_at": AT,
    "error": "ConnectionError",
}
INCIDENT = {"channel_id": 3, "cause": "redis", "late": 40, "worst_ms": 61_000, "opened_at": AT, "closed_at": AT}
STATUS: dict[str, Any] = {
    "channel_id": 3,
    "pace": "fine",
    "lag": LAG,
    "targets": [TARGET],
    "failures": [EVENT],
    "recent": [EVENT | {"attempts": 1, "handled_ms": 180, "error": None}],
    "incidents": [INCIDENT],
}
RETRY: dict[str, Any] = {"channel_id": 3, "event_id": 90_211}
RECONCILED = {"listings": 2, "events": 1, "messages": 0}
