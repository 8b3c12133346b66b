"""A person makes and exchanges his own API keys on his pages: each time he confirms that it is he (API-01, IDN-04).

A key outlives the session in which it was made, so a stolen session alone must not get one.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection
from datetime import datetime, timedelta

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from portal.kit.errors import PortalError
from portal.kit.text import N_
from portal.models import ApiClient
from portal.rules.permissions import Actor, Permission
from portal.rules.step_up import StepUpAction
from portal.services.accounts.make_api_client import NewApiClient, make_api_client
from portal.services.accounts.revoke_api_client import KeyUnknownError
from portal.services.accounts.rotate_api_client import OVERLAP_HOURS, rotate_api_client
from portal.services.accounts.step_up import Binding, require_step_up

KEYS_MAX = 20
# How long a key may live by itself; None is until it is revoked.
DAYS = (30, 90, 365, None)


class TooManyKeysError(PortalError):
    code = "too_many_api_clients"
    status = 409
    sentence = N_("You have %(maximum)s API keys. Revoke one first.")


class NoPermissionChosenError(PortalError):
    code = "no_permission_chosen"
    sentence = N_("Choose at least one thing that the key may do.")


def make_own_key(
    session: Session,
    *,
    actor: Actor,
    channel_id: int,
    name: str,
    permissions: Collection[Permission],
    days: int | None,
    is_live: bool,
    now: datetime,
) -> NewApiClient:
    """Make a key of the actor's own, which is here once.

    Raises TooManyKeysError, NoPermissionChosenError, StepUpNeededError and what make_api_client() raises.
    """
    assert actor.user_id is not None  # The route lets in nobody else.
    if not permissions:
        raise NoPermissionChosenError
    good = (ApiClient.revoked_at.is_(None), or_(ApiClient.expires_at.is_(None), ApiClient.expires_at > now))
    count = session.scalar(select(func.count()).where(ApiClient.user_id == actor.user_id, *good)) or 0
    if count >= KEYS_MAX:
        raise TooManyKeysError(maximum=KEYS_MAX)
    # Made first, so that what cannot be is told before anybody confirms it; what is not confirmed is rolled back.
    made = make_api_client(
        session,
        actor=actor,
        user_id=actor.user_id,
        channel_id=channel_id,
        name=name,
        permissions=permissions,
        expires_at=now + timedelta(days=days) if days else None,
        is_live=is_live,
        now=now,
    )
    what = ",".join(sorted(permissions))
    binding = Binding(f"make:{channel_id}:{days}:{what}:{name}", told={"name": " ".join(name.split())})
    require_step_up(session, actor=actor, action=StepUpAction.MAKE_KEY, binding=binding, now=now)
    return made


def rotate_own_key(
    session: Session, *, actor: Actor, client_id: uuid.UUID, overlap_hours: int, is_live: bool, now: datetime
) -> NewApiClient:
    """Exchange a key of the actor's own; the one before stays good for the overlap.

    Raises KeyUnknownError, StepUpNeededError.
    """
    name = session.scalar(select(ApiClient.name).where(ApiClient.id == client_id, ApiClient.user_id == actor.user_id))
    if name is None or overlap_hours not in OVERLAP_HOURS:
        raise KeyUnknownError
    binding = Binding(f"exchange:{client_id}:{overlap_hours}", told={"name": name})
    require_step_up(session, actor=actor, action=StepUpAction.EXCHANGE_KEY, binding=binding, now=now)
    return rotate_api_client(
        session, actor=actor, client_id=client_id, overlap=timedelta(hours=overlap_hours), is_live=is_live, now=now
    )
