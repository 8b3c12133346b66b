"""Exchange a key: the new one is good at once, the one before it for a while yet (API-01)."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.models import ApiClient
from portal.rules.permissions import Actor
from portal.services.accounts.make_api_client import (
    HINT_LENGTH,
    KeyForbiddenError,
    NewApiClient,
    check_may_manage,
    hash_key,
    new_key,
    tell_owner,
)
from portal.services.accounts.revoke_api_client import KeyUnknownError
from portal.services.audit import AuditAction, Fact, record

OVERLAP_HOURS = (0, 1, 24, 72)


def rotate_api_client(
    session: Session,
    *,
    actor: Actor,
    client_id: uuid.UUID,
    overlap: timedelta,
    now: datetime,
    asked_with: bytes | None = None,
    is_live: bool = False,
) -> NewApiClient:
    """Give the client a new key, which is here once. A client may exchange its own key, and nobody else's.

    The old key stays good for `overlap`. `asked_with` is the hash of the key with which the client asks: that one
    stays, so that a client whose answer was lost on the way asks again with the key that it has. Raises
    KeyUnknownError, also for a key that was revoked, or that is good no more by now.
    """
    client = session.execute(select(ApiClient).where(ApiClient.id == client_id).with_for_update()).scalar_one_or_none()
    if client is None or client.revoked_at is not None:
        raise KeyUnknownError
    if asked_with is not None and asked_with not in _good_keys(client, now):
        raise KeyUnknownError  # Somebody has exchanged it, without an overlap, since it opened the door.
    try:
        if actor.client_id != client.id:
            check_may_manage(actor, client.user_id)
    except KeyForbiddenError:
        raise KeyUnknownError from None
    key = new_key(is_live=is_live)
    client.previous_hash = (asked_with or client.key_hash) if overlap else None
    client.previous_until = now + overlap if overlap else None
    client.key_hash = hash_key(key)
    client.key_hint = key[-HINT_LENGTH:]
    session.flush()
    after = {"previous_until": client.previous_until}
    record(session, Fact(AuditAction.API_CLIENT_ROTATED, f"api-client:{client_id}", after=after), actor=actor, now=now)
    tell_owner(session, "account.key_exchanged", client_id=client.id, user_id=client.user_id, now=now)
    return NewApiClient(client.id, key, tuple(client.permissions))


def _good_keys(client: ApiClient, now: datetime) -> tuple[bytes | None, ...]:
    is_old_good = client.previous_until is not None and client.previous_until > now
    return (client.key_hash, client.previous_hash if is_old_good else None)
