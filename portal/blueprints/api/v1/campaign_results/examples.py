"""Examples of what became of a campaign."""

from __future__ import annotations

from typing import Any

from portal.blueprints.api.v1.examples import AT, NUMBER, krw

FIGURES: dict[str, Any] = {
    "issued": 2000,
    "in_wallets": 400,
    "people": 118,
    "reserved": 2,
    "redeemed": 120,
    "released": 5,
    "held_back": 1,
    "redemption_basis_points": 600,
    "conversion_basis_points": 2950,
    "abuse_basis_points": 81,
    "currencies": [
        {
            "uses": 120,
            "cost": krw(360_000),
            "borne_by_platform": krw(360_000),
            "borne_by_stores": krw(0),
            "sales": krw(3_240_000),
        }
    ],
    "days": [{"day": "2026-11-21", "uses": 120, "cost": krw(360_000)}],
}
USE: dict[str, Any] = {
    "id": "0193a7c2-5d1e-7c7e-9f3a-0b6f3f1d2a4b",
    "person": "0193a7c2-5d1e-7c7e-9f3a-0b6f3f1d2a4c",
    "order": NUMBER,
    "code": "SPRING25",
    "discount": krw(3_000),
    "state": "redeemed",
    "at": AT,
}
USES: dict[str, Any] = {"items": [USE], "next_cursor": None, "previous_cursor": None}
