"""Examples of automations."""

from __future__ import annotations

from typing import Any

from portal.blueprints.api.v1.examples import AT, krw

ID = 7
TERMS: dict[str, Any] = {
    "title": "Win back regulars",
    "channel_id": 1,
    "segment": "lapsing_regulars",
    "action": "coupon",
    "campaign_id": 12,
    "people_max": 1_000,
    "control_basis_points": 1_000,
}
AUTOMATION: dict[str, Any] = {
    **TERMS,
    "id": ID,
    "state": "draft",
    "reason": None,
    "event": None,
    "amount_minor": None,
    "currency": "KRW",
    "made": 0,
    "every_days": 30,
    "window_days": 30,
    "quiet_from": 21,
    "quiet_until": 8,
    "told_by": "bell",
    "trial": None,
    "started_at": None,
    "written_by": "0193a7c2-5d1e-7c7e-9f3a-0b6f3f1d2a4b",
    "written_at": AT,
    "version": 1,
}
TRIAL: dict[str, Any] = {
    "days": 90,
    "reached": 214,
    "allowed": 180,
    "offer": 155,
    "control": 17,
    "holdout": 8,
    "bought": 41,
    "cost_minor": 0,
    "detectable_bp": 2_990,
    "at": AT,
}
DETAIL: dict[str, Any] = {
    **AUTOMATION,
    "trial": TRIAL,
    "version": 2,
    "arms": [{"arm": "offer", "state": "made", "reason": None, "people": 155}],
    "outcomes": [{"arm": "offer", "people": 120, "bought": 44, "revenue": krw(3_960_000), "cost": krw(220_000)}],
}
