"""The two channels of the demo mall, with what their rules read, and who answers for them."""

from __future__ import annotations

import uuid
from decimal import Decimal
from typing import Any

from sqlalchemy import insert, update
from sqlalchemy.orm import Session

from portal.models import Channel

CHANNELS: tuple[dict[str, Any], ...] = (
    {
        "code": "kr",
        "name": {"en": "Portal Korea", "ko": "Portal 한국"},
        "currency": "KRW",
        "country": "KR",
        "default_locale": "ko",
        "locales": ["ko", "en"],
        "time_zone": "Asia/Seoul",
        "support_email": "help@kr.example.com",
        "brand": {"name": {"en": "Portal Korea", "ko": "Portal 한국"}, "colour": "#c2410c"},
        "policy": {
            "issuer": {"en": "Portal Korea Co., Ltd.", "ko": "포털코리아 주식회사"},
            "mileage": {
                "earn_rate": "0.01",
                "minimum_points": 100,
                "step_points": 10,
                "maximum_points": 100_000,
                "max_share_basis_points": 5000,
                "point_value": "1",
            },
        },
        "tax_rate": Decimal("0.10"),
        "tax_inclusive": True,
    },
    {
        "code": "us",
        "name": {"en": "Portal US", "ko": "Portal 미국"},
        "currency": "USD",
        "country": "US",
        "default_locale": "en",
        "locales": ["en", "ko"],
        "time_zone": "America/New_York",
        "support_email": "help@us.example.com",
        "brand": {"name": {"en": "Portal US", "ko": "Portal 미국"}, "colour": "#1d4ed8"},
        "policy": {
            "issuer": {"en": "Portal US, Inc.", "ko": "포털 US"},
            # A point is worth a tenth of a cent, so that a purchase earns about as much as in Korea.
            "mileage": {
                "earn_rate": "0.1",
                "minimum_points": 100,
                "step_points": 10,
                "maximum_points": 100_000,
                "max_share_basis_points": 5000,
                "point_value": "1/10",
            },
        },
        # A plain rate to show prices without tax; real rates depend on the place of delivery.
        "tax_rate": Decimal("0.08"),
        "tax_inclusive": False,
    },
)


LEGAL: dict[str, dict[str, str]] = {
    "kr": {
        "en": "Portal Korea Co., Ltd. · Business number 000-00-00000 · Demo data, no real company.",
        "ko": "포털코리아 주식회사 · 사업자등록번호 000-00-00000 · 시연용이며 실제 회사가 아닙니다.",
    },
    "us": {
        "en": "Portal US, Inc. · Demo data, no real company.",
        "ko": "Portal US, Inc. · 시연용이며 실제 회사가 아닙니다.",
    },
}


def name_manager(session: Session, *, manager_id: uuid.UUID) -> None:
    """Say who answers for the channels, once there are people, and what law wants said."""
    for code, texts in LEGAL.items():
        session.execute(update(Channel).where(Channel.code == code).values(manager_id=manager_id, legal=texts))


def make_channels(session: Session) -> dict[str, int]:
    """Make the channels and return their ids by code. The first one made is the default."""
    statement = insert(Channel).returning(Channel.id, sort_by_parameter_order=True)
    ids = session.scalars(statement, list(CHANNELS)).all()
    return {channel["code"]: one for channel, one in zip(CHANNELS, ids, strict=True)}
