"""Rules of mileage with a double-points week, three tiers, and points that end soon."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from portal.demo.coupons import WELCOME_TO_A_TIER
from portal.models import Campaign, Cause, LoyaltyVersion
from portal.queries.loyalty import forget_loyalty
from portal.rules import earning, tiers
from portal.rules.earning import EarnRule, EarnTerms
from portal.rules.tiers import Ladder, Tier

AUTHOR = "ada@example.com"
# As if it had been written then, so that it holds for whatever the demo sells.
SINCE = timedelta(days=60)
CAUSES = (
    (
        {"en": "Trees for the city", "ko": "도시 나무 심기"},
        {
            "en": "A tree for every 5,000 points, planted in spring.",
            "ko": "5,000포인트마다 봄에 나무 한 그루를 심습니다.",
        },
    ),
    (
        {"en": "Warm meals", "ko": "따뜻한 한 끼"},
        {"en": "Meals for neighbours who live alone.", "ko": "혼자 사시는 이웃에게 식사를 전합니다."},
    ),
)


def make_loyalty(
    session: Session,
    *,
    store_ids: Mapping[str, int],
    people: Mapping[str, uuid.UUID],
    now: datetime,
) -> None:
    """Write one version of each kind. The coupons that a tier gives are there already."""
    welcome = session.scalars(select(Campaign.id).where(Campaign.name == WELCOME_TO_A_TIER)).one()
    ladder = Ladder(
        tiers=(
            Tier("bronze", {"en": "Bronze", "ko": "브론즈"}, 0),
            Tier("silver", {"en": "Silver", "ko": "실버"}, 300_000, Decimal("1.2"), (welcome,)),
            Tier("gold", {"en": "Gold", "ko": "골드"}, 1_000_000, Decimal("1.5")),
        )
    )
    week = now.replace(hour=0, minute=0, second=0, microsecond=0)
    terms = EarnTerms(
        rules=(
            EarnRule(
                "Double points",
                multiplier=Decimal(2),
                starts_at=week - timedelta(days=1),
                ends_at=week + timedelta(days=7),
            ),
            EarnRule(
                "Moa Ceramics at home",
                percent=Decimal(3),
                store_ids=frozenset({store_ids["demo:moa-ceramics"]}),
            ),
            EarnRule("Books", percent=Decimal("0.5"), store_ids=frozenset({store_ids["demo:bom-books"]})),
        ),
        order_cap=50_000,
        month_cap=200_000,
        sign_up_points=1_000,
        review_points=200,
        referrer_points=3_000,
        referee_points=3_000,
    )
    written = now - SINCE
    session.execute(
        insert(LoyaltyVersion),
        [
            {
                "kind": kind,
                "version": 1,
                "body": body,
                "note": note,
                "author_id": people[AUTHOR],
                "starts_at": written,
                "created_at": written,
            }
            for kind, body, note in (
                ("tiers", tiers.to_json(ladder), "Three tiers to begin with"),
                ("mileage", earning.to_json(terms), "Double points this week"),
            )
        ],
    )
    for names, descriptions in CAUSES:
        session.add(Cause(names=names, descriptions=descriptions, created_at=written))
    session.flush()
    forget_loyalty()
