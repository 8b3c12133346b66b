"""Examples of offers to choose from."""

from __future__ import annotations

from typing import Any

from portal.blueprints.api.v1.examples import AT, krw

ID = 4
TERMS: dict[str, Any] = {
    "title": "Tableware for regulars",
    "campaign_id": 12,
    "channel_id": 1,
    "segment": "lapsing_regulars",
    "position": 100,
    "people_max": 1_000,
}
FIGURES: dict[str, Any] = {
    "chosen": 310,
    "taken": 120,
    "dismissed": 14,
    "rewarded": 280,
    "reward": krw(4_200_000),
    "cost": krw(310_000),
}
OFFER: dict[str, Any] = {
    **TERMS,
    "id": ID,
    "state": "running",
    "reason": None,
    "made": 290,
    "figures": FIGURES,
    "written_by": "0193a7c2-5d1e-7c7e-9f3a-0b6f3f1d2a4b",
    "written_at": AT,
    "version": 2,
}
OFFERS: dict[str, Any] = {"items": [OFFER], "nothing": FIGURES | {"taken": 0, "dismissed": 0, "cost": krw(0)}}
CHOOSING: dict[str, Any] = {
    "mode": "learned",
    "every_days": 14,
    "window_days": 14,
    "fraud_basis_points_max": 1_000,
    "return_basis_points_min": -5_000,
}
STRATEGY: dict[str, Any] = {
    "terms": CHOOSING,
    "version": 1,
    "versions": [{"version": 1, "terms": CHOOSING, "note": "To begin with.", "written_by": "Ada", "written_at": AT}],
}
