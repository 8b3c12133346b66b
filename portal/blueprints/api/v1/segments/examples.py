"""Examples of segments."""

from __future__ import annotations

from typing import Any

from portal.blueprints.api.v1.examples import AT

KEY = "lapsing_regulars"
PERSON = "0193a7c2-5d1e-7c7e-9f3a-0b6f3f1d2a4b"
RULE = "purchases >= 2 and since > 60 d"
TERMS: dict[str, Any] = {"title": "Regulars who stay away", "rule": RULE, "is_live": True}
WRITTEN: dict[str, Any] = {**TERMS, "version": 2, "written_by": PERSON, "written_at": AT}
ITEM: dict[str, Any] = {"key": KEY, **WRITTEN, "size": 214}
SEGMENT: dict[str, Any] = {
    **ITEM,
    "versions": [WRITTEN],
    "newest_members": [{"person": PERSON, "since": AT}],
    "days": [{"day": "2026-11-21", "entered": 9, "left": 4, "size": 214}],
    "overlaps": [{"key": "at_risk", "people": 80}],
    "campaigns": [{"id": 12, "name": {"en": "5,000 won off tableware", "ko": "식기 5,000원 할인"}}],
}
PREVIEW: dict[str, Any] = {
    "people": 214,
    "customers": 5_120,
    "first": [PERSON],
    "words": "Days with purchases are at least 2 and time since the last purchase is above 60 days.",
}
FEATURES: dict[str, Any] = {"items": [{"name": "purchases", "kind": "number", "words": "days with purchases"}]}
