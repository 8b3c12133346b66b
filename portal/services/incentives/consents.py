"""Whether people let themselves be offered something: the one place where automations and choices ask it (INC-06)."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping
from functools import partial

from sqlalchemy.orm import Session

from portal.rules.automations import ToldBy
from portal.rules.privacy import Purpose
from portal.services.consents import people_who_allow

# An offer is chosen by what somebody did, and told by a way to which he agreed by itself.
WAYS: Mapping[ToldBy, Purpose] = {ToldBy.BELL: Purpose.OFFERS_BELL, ToldBy.MAIL: Purpose.OFFERS_MAIL}
# The same for a page that shows an offer to whoever opens it: nothing is sent to him. SQL with u.id, :channel_id.
MAY_BE_SHOWN = f"""
    coalesce((SELECT k.is_given FROM consent_choice k
               WHERE k.user_id = u.id AND k.purpose = '{Purpose.PERSONAL_OFFERS.value}' AND k.channel_id = :channel_id
               ORDER BY k.id DESC LIMIT 1), false)
"""  # noqa: S608  # Our own name.


def ways_of(told_by: ToldBy) -> tuple[ToldBy, ...]:
    """The single ways of which it consists."""
    return tuple(WAYS) if told_by is ToldBy.BOTH else (told_by,)


def who_may_be_told(
    session: Session, *, user_ids: Collection[uuid.UUID], channel_id: int, told_by: ToldBy
) -> dict[ToldBy, set[uuid.UUID]]:
    """By each of these ways, those of them who allow offers that are chosen for them, and to be told of them so."""
    allow = partial(people_who_allow, session, channel_id=channel_id)
    chosen = allow(user_ids=user_ids, purpose=Purpose.PERSONAL_OFFERS) if user_ids else set()
    return {way: allow(user_ids=chosen, purpose=WAYS[way]) if chosen else set() for way in ways_of(told_by)}


def who_may_be_offered(
    session: Session, *, user_ids: Collection[uuid.UUID], channel_id: int, told_by: ToldBy
) -> set[uuid.UUID]:
    """Those of them who may be told by one of these ways at least."""
    told = who_may_be_told(session, user_ids=user_ids, channel_id=channel_id, told_by=told_by)
    return set[uuid.UUID]().union(*told.values())
