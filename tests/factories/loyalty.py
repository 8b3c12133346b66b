"""Versions of the rules of mileage and tiers, as if they had been written an hour ago."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select

from portal.db import transaction
from portal.kit import clock
from portal.models import LoyaltyVersion
from portal.queries.loyalty import forget_loyalty
from tests.factories.account import Person

TIERS = {
    "period_days": 365,
    "tiers": [
        {"code": "bronze", "names": {"en": "Bronze", "ko": "브론즈"}, "from_minor": 0, "multiplier": "1"},
        {"code": "silver", "names": {"en": "Silver", "ko": "실버"}, "from_minor": 30_000, "multiplier": "1.5"},
        {"code": "gold", "names": {"en": "Gold", "ko": "골드"}, "from_minor": 100_000, "multiplier": "2"},
    ],
}


def write_version(author: Person, kind: str, body: dict[str, Any], *, starts_at: datetime | None = None) -> int:
    """A committed version that holds since an hour ago, or from `starts_at` on; its number."""
    written = clock.now() - timedelta(hours=1)
    with transaction() as session:
        newest = session.scalar(select(func.max(LoyaltyVersion.version)).where(LoyaltyVersion.kind == kind)) or 0
        session.add(
            LoyaltyVersion(
                kind=kind,
                version=newest + 1,
                body=body,
                note="",
                author_id=author.id,
                starts_at=starts_at or written,
                created_at=written,
            )
        )
    forget_loyalty()
    return newest + 1
