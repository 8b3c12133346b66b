"""Whether people let themselves be offered something: the one place where automations and choices ask it (INC-06)."""

from __future__ import annotations

import uuid
from collections.abc import Collection

from sqlalchemy.orm import Session

from portal.rules.privacy import Purpose
from portal.services.consents import people_who_allow

# An offer is chosen by what somebody did, and told behind the bell: he agreed to both.
NEEDED = (Purpose.PERSONAL_OFFERS, Purpose.OFFERS_BELL)
# The same for a page that shows an offer to whoever opens it: nothing is sent to him. SQL with u.id, :channel_id.
MAY_BE_SHOWN = f"""
    coalesce((SELECT k.is_given FROM consent_choice k
               WHERE k.user_id = u.id AND k.purpose = '{Purpose.PERSONAL_OFFERS.value}' AND k.channel_id = :channel_id
               ORDER BY k.id DESC LIMIT 1), false)
"""  # noqa: S608  # Our own name.


def who_may_be_offered(session: Session, *, user_ids: Collection[uuid.UUID], channel_id: int) -> set[uuid.UUID]:
    """Those of them who allow offers that are chosen for them, and to be told of them behind the bell."""
    left = set(user_ids)
    for purpose in NEEDED:
        if left:
            left = people_who_allow(session, user_ids=left, purpose=purpose, channel_id=channel_id)
    return left
