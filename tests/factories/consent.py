"""What people allow: offers that are chosen for them, and to be told of them behind the bell."""

from __future__ import annotations

import uuid

from portal.db import transaction
from portal.kit import clock
from portal.rules.permissions import SYSTEM
from portal.rules.privacy import PURPOSES, Purpose
from portal.services.consents import Asked, choose

BY_BELL = (Purpose.PERSONAL_OFFERS, Purpose.OFFERS_BELL)
BY_MAIL = (Purpose.PERSONAL_OFFERS, Purpose.OFFERS_MAIL)


def allow_offers(
    user_id: uuid.UUID, channel_id: int, *, given: bool = True, purposes: tuple[Purpose, ...] = BY_BELL
) -> None:
    """That somebody allows them on a channel, or takes that back."""
    asked: list[Asked] = [(purpose, channel_id) for purpose in purposes]
    versions = {one: PURPOSES[one[0]].version for one in asked} if given else {}
    with transaction() as session:
        choose(
            session,
            user_id=user_id,
            given=versions,
            asked=asked,
            source="account",
            actor=SYSTEM,
            now=clock.now(),
        )
