"""What people allow: offers that are chosen for them, and to be told of them behind the bell."""

from __future__ import annotations

import uuid

from portal.db import transaction
from portal.kit import clock
from portal.kit.ids import new_id
from portal.models import Consent
from portal.services.incentives.consents import kind_of


def allow_offers(user_id: uuid.UUID, channel_id: int, *, given: bool = True) -> None:
    """That somebody allows them on a channel, or takes that back."""
    with transaction() as session:
        session.add(
            Consent(
                id=new_id(),
                user_id=user_id,
                kind=kind_of(channel_id),
                version="2026-11" if given else "",
                accepted_at=clock.now(),
            )
        )
