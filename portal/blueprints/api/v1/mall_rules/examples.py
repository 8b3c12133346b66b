"""Examples of rules that hold from a moment on."""

from __future__ import annotations

from typing import Any

from portal.blueprints.api.v1.examples import AT

RULE_ID = 3
DATED: dict[str, Any] = {
    "id": RULE_ID,
    "channel_id": 1,
    "section_id": None,
    "valid_from": AT,
    "note": "The law of 2026.",
    "set_by": "Ada",
    "set_at": AT,
    "withdrawn_by": None,
    "withdrawn_at": None,
}
REFUND_TERMS: dict[str, Any] = {
    "channel_id": 1,
    "window_days": 14,
    "returnable": True,
    "way_back": "buyer",
    "restocking_basis_points": 500,
    "approve_above": {"KRW": 1_000_000},
    "note": "The law of 2026.",
}
REFUND_RULE: dict[str, Any] = {
    **DATED,
    "window_days": 14,
    "returnable": True,
    "exchangeable": None,
    "way_back": "buyer",
    "return_reasons": None,
    "picture_reasons": None,
    "restocking_basis_points": 500,
    "approve_above": {"KRW": 1_000_000},
}
TAX_TERMS: dict[str, Any] = {"channel_id": 1, "rate": "0.1", "inclusive": True, "note": "The law of 2026."}
TAX_RATE: dict[str, Any] = {**DATED, "rate": "0.1000", "inclusive": True}
CALLED_OFF = {"withdrawn_by": "Ada", "withdrawn_at": AT}
