"""Campaigns and coupons for tests, as they stand before anybody has touched them."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from portal.db import atomically, transaction
from portal.kit import clock
from portal.kit.errors import Rejection
from portal.models import Campaign, CouponCode
from portal.rules.permissions import SYSTEM
from portal.services.coupons.claim_code import claim_code
from portal.services.coupons.claim_coupon import Claimed, claim_coupon
from portal.services.coupons.give_coupon import give_coupon
from portal.services.coupons.note_act import UNKNOWN_SOURCE, Source
from tests.factories.account import Person


def make_campaign(distribution: str = "claim", *, code: str | None = None, **more: Any) -> int:
    """A committed campaign of ten percent off that runs for a month, with a code where one is named; its id."""
    now = clock.now()
    values: dict[str, Any] = {
        "name": {"en": "Ten percent off", "ko": "10% 할인"},
        "kind": "percentage",
        "target": "order",
        "percent": Decimal(10),
        "stackable": True,
        "distribution": distribution,
        "valid_from": now - timedelta(days=30),
        "valid_until": now + timedelta(days=30),
        "issued_at": now,
        "issued_by": "system",
    }
    with transaction() as session:
        campaign = Campaign(**(values | more))
        session.add(campaign)
        session.flush()
        if code:
            session.add(CouponCode(code=code, campaign_id=campaign.id))
        return campaign.id


def give(campaign_id: int, *people: Person, now: datetime | None = None) -> list[uuid.UUID]:
    """Put the campaign's coupon into wallets; the ids of the coupons."""
    with transaction() as session:
        given = give_coupon(
            session,
            campaign_id=campaign_id,
            user_ids=[one.id for one in people],
            source="given",
            actor=SYSTEM,
            now=now or clock.now(),
        )
        return [one.grant_id for one in given]


def claim(campaign_id: int, person: Person, source: Source = UNKNOWN_SOURCE) -> Claimed:
    """Claim as the page does it."""
    return atomically(
        lambda s: claim_coupon(s, campaign_id=campaign_id, actor=person.actor, source=source, now=clock.now())
    )


def type_code(code: str, person: Person, source: Source = UNKNOWN_SOURCE) -> Claimed | Rejection:
    """Type a code into the wallet's box."""
    return atomically(lambda s: claim_code(s, typed=code, actor=person.actor, source=source, now=clock.now()))
