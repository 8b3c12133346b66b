"""Examples of rules of borders."""

from __future__ import annotations

from typing import Any

from portal.blueprints.api.v1.examples import AT, krw

RULE_ID = 12
NEW: dict[str, Any] = {
    "kind": "barred",
    "country": "KR",
    "customs_code": "0902",
    "words": {"en": "Tea needs a permit.", "ko": "차는 허가가 필요해요."},
    "note": "Customs Act, article 94.",
}
RULE: dict[str, Any] = {
    **NEW,
    "id": RULE_ID,
    "section_id": None,
    "limit": None,
    "rate_basis_points": None,
    "valid_from": AT,
    "set_by": "ada",
    "ended_at": None,
    "ended_by": None,
}
LIMIT = RULE | {"id": 13, "kind": "duty_free", "customs_code": None, "words": {}, "limit": krw(150_000)}
RULES = {"items": [RULE, LIMIT]}
END = {"note": "Repealed."}
