"""Make a key with which a program acts for a person on one channel (API-01)."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from portal.db import insert_rows
from portal.kit.errors import PortalError
from portal.kit.ids import new_id, new_token
from portal.kit.text import N_
from portal.models import ApiClient, User, UserState
from portal.queries.actors import actor_of
from portal.rules.permissions import Actor, Permission, may
from portal.services.audit import AuditAction, Fact, record
from portal.services.outbox import Event, emit

# A prefix lets people and scanners of leaked secrets see what a text is, and tell a test's from the real.
PREFIX_LIVE = "ptk_live_"
PREFIX_TEST = "ptk_test_"
HINT_LENGTH = 4
NAME_LENGTH_MAX = 80


class KeyForbiddenError(PortalError):
    """Only a person himself, or who may grant roles, makes and revokes his keys; a key never does."""

    code = "api_client_forbidden"
    status = 403
    sentence = N_("You cannot make or revoke API keys for this account.")


class KeyUserUnknownError(PortalError):
    code = "api_client_user_unknown"
    status = 404
    sentence = N_("There is no open account for this API key.")


class KeyNameUnfitError(PortalError):
    code = "api_client_name_unfit"
    sentence = N_("Give the API key a name of 1 to %(maximum)s characters.")


class KeyTooPowerfulError(PortalError):
    """The key would be allowed what its person is not."""

    code = "api_client_too_powerful"
    sentence = N_("The account does not have the permission “%(permission)s” itself.")


class KeyPastError(PortalError):
    code = "api_client_expiry_past"
    sentence = N_("The API key would have expired already. Choose a later time.")


@dataclass(frozen=True, slots=True)
class NewApiClient:
    """The key is here once: only its hash is kept."""

    id: uuid.UUID
    key: str
    permissions: tuple[str, ...]


def hash_key(key: str) -> bytes:
    """What is stored of a key: it is random, so one round of SHA-256 is enough."""
    return hashlib.sha256(key.encode()).digest()


def new_key(*, is_live: bool) -> str:
    """A key that nobody can guess."""
    return (PREFIX_LIVE if is_live else PREFIX_TEST) + new_token()


def check_may_manage(actor: Actor, user_id: uuid.UUID) -> None:
    """Raises KeyForbiddenError unless the actor may make and revoke keys of this person."""
    is_own = actor.user_id == user_id and actor.limited_to is None
    if not is_own and not may(actor, Permission.ROLE_GRANT):
        raise KeyForbiddenError


def make_api_client(
    session: Session,
    *,
    actor: Actor,
    user_id: uuid.UUID,
    channel_id: int,
    name: str,
    now: datetime,
    permissions: Collection[Permission] | None = None,
    expires_at: datetime | None = None,
    is_live: bool = False,
) -> NewApiClient:
    """Make a key. Without `permissions` it gets all that its person has, and never more than he has at a time.

    Raises KeyForbiddenError, KeyUserUnknownError, KeyNameUnfitError, KeyTooPowerfulError and KeyPastError.
    """
    check_may_manage(actor, user_id)
    tidy = " ".join(name.split())
    if not 0 < len(tidy) <= NAME_LENGTH_MAX:
        raise KeyNameUnfitError(maximum=NAME_LENGTH_MAX)
    if expires_at is not None and expires_at <= now:
        raise KeyPastError
    person = _person(session, user_id)
    held = [permission for permission in Permission if may(person, permission)]
    for permission in permissions or ():
        if permission not in held:
            raise KeyTooPowerfulError(permission=permission.value)
    given = tuple(sorted(permission.value for permission in (held if permissions is None else permissions)))
    key = new_key(is_live=is_live)
    client_id = new_id()
    row = {
        "id": client_id,
        "name": tidy,
        "key_hash": hash_key(key),
        "key_hint": key[-HINT_LENGTH:],
        "user_id": user_id,
        "channel_id": channel_id,
        "permissions": list(given),
        "created_at": now,
        "expires_at": expires_at,
    }
    insert_rows(session, ApiClient, [row])
    after = {"user": str(user_id), "channel": channel_id, "permissions": given, "expires_at": expires_at}
    record(session, Fact(AuditAction.API_CLIENT_MADE, f"api-client:{client_id}", after=after), actor=actor, now=now)
    tell_owner(session, "account.key_made", client_id=client_id, user_id=user_id, now=now)
    return NewApiClient(client_id, key, given)


def tell_owner(session: Session, event: str, *, client_id: uuid.UUID, user_id: uuid.UUID, now: datetime) -> None:
    """Let the person hear of his key, whoever has made or exchanged it."""
    emit(session, Event(event, f"user:{user_id}", {"client": str(client_id)}, profile_id=user_id), now=now)


def _person(session: Session, user_id: uuid.UUID) -> Actor:
    """The person as he acts himself."""
    user = session.get(User, user_id)
    if user is None or user.state == UserState.CLOSED:
        raise KeyUserUnknownError
    return actor_of(session, user)
