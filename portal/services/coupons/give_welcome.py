"""Whoever reaches a tier is given its coupons, once in his life (BAL-08)."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from datetime import datetime

from sqlalchemy.orm import Session

from portal.models import OutboxEvent
from portal.queries.loyalty import loyalty_directory
from portal.queries.tier_benefits import list_welcomes
from portal.rules.permissions import SYSTEM
from portal.services.coupons.give_coupon import give_coupon
from portal.services.outbox import Event, emit


def give_welcome(session: Session, *, user_id: uuid.UUID, before: str | None, code: str, now: datetime) -> None:
    """Give the coupons of every tier on the way from `before` up to `code`. Who had one before keeps to that."""
    reached = loyalty_directory(session).ladder(now).reached(before, code)
    wanted = {campaign_id for tier in reached for campaign_id in tier.welcome}
    if not wanted:
        return
    for campaign in list_welcomes(session, now=now):
        if campaign.id not in wanted:
            continue
        given = give_coupon(
            session, campaign_id=campaign.id, user_ids=[user_id], source="given", actor=SYSTEM, now=now, reason=code
        )
        if given:
            payload = {"campaign": campaign.id, "grants": [str(one.grant_id) for one in given]}
            emit(session, Event("coupon.given", f"campaign:{campaign.id}", payload), now=now)


def welcome_into_tier(session: Session, event: OutboxEvent, now: datetime) -> Collection[str]:
    """Somebody moved to another tier: give what belongs to it."""
    assert event.profile_id is not None  # A tier is somebody's.
    give_welcome(session, user_id=event.profile_id, before=event.payload["from"], code=event.payload["to"], now=now)
    return ()
