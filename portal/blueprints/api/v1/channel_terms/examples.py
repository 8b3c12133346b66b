"""Examples of terms, rules of the house and what a channel leaves."""

from __future__ import annotations

from typing import Any

from portal.blueprints.api.v1.examples import AT
from portal.blueprints.api.v1.overrides import EXAMPLE as DECISION

RULE_ID = 7
TERM = {
    "name": "gift_card-valid_days",
    "label": "Days that a card lives, at least five years",
    "kind": "count",
    "value": 3_650,
    "usual": 1_825,
    "is_fixed": False,
}
TERMS: dict[str, Any] = {"terms": [TERM], "decisions": [DECISION], "version": 5}
CHANGE: dict[str, Any] = {"values": {"gift_card-valid_days": 3_650}, "why": DECISION["why"], "version": 5}
RULE: dict[str, Any] = {
    "id": RULE_ID,
    "kind": "branding",
    "version": 2,
    "words": {"en": "Show the new mark.", "ko": "새 상표를 보여 주세요."},
    "features": ["gift_card"],
    "fixed": [],
    "due_at": AT,
}
STANDING = {
    "channel_id": 3,
    "rule_id": RULE_ID,
    "kind": "branding",
    "version": 2,
    "is_blocked": False,
    "confirmed_by": "ada",
    "confirmed_at": AT,
    "note": "Looked at every page.",
}
RULES = {"rules": [RULE], "standings": [STANDING]}
NEW_RULE = {name: RULE[name] for name in ("kind", "words", "features", "fixed")} | {"due_at": None}
NOTE = {"note": STANDING["note"]}
LEFT = {"tickets": 4, "returns": 1, "claims": 0, "automations": 2, "keys": 3, "webhooks": 1, "managers": 1}
WIND_UP: dict[str, Any] = {
    "is_done": True,
    "counts": LEFT,
    "successor_id": 1,
    "exports": ["0193a7c2-5d1e-7c7e-9f3a-0b6f3f1d2a4b"],
    "by": "ada",
    "at": AT,
    "version": 9,
}
END = {"successor_id": 1, "version": 8}
