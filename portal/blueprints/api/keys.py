"""Who asks: the key of a client stands for its person, on its channel, with no more than it was given.

A token stands for a key that was shown at POST /api/v1/token: for minutes, with some of its permissions or all.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime, timedelta
from typing import cast

from flask import g, request

from portal.blueprints.api.tokens import PREFIX as TOKEN_PREFIX
from portal.blueprints.api.tokens import read_token
from portal.blueprints.channel_path import ENVIRON_KEY
from portal.db import atomically
from portal.kit import clock
from portal.kit.errors import PortalError
from portal.kit.text import N_
from portal.queries.api_clients import ClientIdentity, find_client, load_client
from portal.queries.channels import ChannelView, channel_directory
from portal.rules.channels import State
from portal.rules.permissions import Actor, Permission, Scope, may, roles_in, roles_of, scopes_of, stores_for
from portal.services.accounts.make_api_client import hash_key
from portal.services.accounts.touch_api_client import touch_api_client
from portal.services.idempotency import fingerprint

# Nobody needs to know to the second when a key was last used; a write per request would cost more than the request.
TOUCHED_EVERY = timedelta(minutes=5)
KEY_LENGTH_MAX = 200
TOKEN_LENGTH_MAX = 4_000


class KeyMissingError(PortalError):
    """No key was sent, or not as a bearer token."""

    code = "key_missing"
    status = 401
    sentence = N_("This request needs an API key: Authorization: Bearer ptk_…")


class KeyWrongError(PortalError):
    """No account knows this key."""

    code = "key_wrong"
    status = 401
    sentence = N_("This API key is not known.")


class KeyRevokedError(PortalError):
    code = "key_revoked"
    status = 401
    sentence = N_("This API key was revoked.")


class KeyExpiredError(PortalError):
    code = "key_expired"
    status = 401
    sentence = N_("This API key has expired.")


class PlaceBlockedError(PortalError):
    """The address from which it is asked, or its network, stands on a blocked list (FRD-04)."""

    code = "place_blocked"
    status = 403
    sentence = N_("Requests from this network address are not taken. Ask the operator of the mall.")


class TokenExpiredError(PortalError):
    """A token of its own time, or one whose key was exchanged or is over. Get a new one with the key."""

    code = "token_expired"
    status = 401
    sentence = N_("This access token has expired. Get a new one.")


class KeyLimitedError(PortalError):
    """The key was not given this permission, or its person does not have it any more."""

    code = "permission_missing"
    status = 403
    sentence = N_("This API key does not have the permission “%(permission)s”.")


class ChannelForbiddenError(PortalError):
    """The address names another channel than that of the key."""

    code = "channel_forbidden"
    status = 403
    sentence = N_("This API key is for the channel “%(channel)s” only.")


class ChannelOverError(PortalError):
    """The key's channel was closed for good: nothing is sold, read or changed there any more (CHN-02)."""

    code = "channel_over"
    status = 403
    sentence = N_("The channel of this API key was closed for good.")


def authenticate() -> ClientIdentity:
    """Find out who asks, and set the channel and actor of this request.

    Raises a Key…Error, TokenExpiredError, PlaceBlockedError, ChannelForbiddenError or ChannelOverError.
    """
    scheme, _, key = request.headers.get("Authorization", "").strip().partition(" ")
    key = key.strip()
    if scheme.lower() != "bearer" or not key:
        raise KeyMissingError
    now = clock.now()
    identity, permissions = _by_token(key, now) if key.startswith(TOKEN_PREFIX) else (identify(key, now), None)
    client = identity.client
    g.channel = _channel(client.channel_id)
    g.api_client = identity
    g.api_actor = _actor(identity, permissions)
    g.api_key_hash = hash_key(key) if permissions is None else None
    if client.last_used_at is None or now - client.last_used_at >= TOUCHED_EVERY:
        atomically(lambda s: touch_api_client(s, client_id=client.id, now=now, every=TOUCHED_EVERY))
    return identity


def identify(key: str, now: datetime) -> ClientIdentity:
    """Whose key this is. Raises KeyWrongError, KeyRevokedError, KeyExpiredError, PlaceBlockedError."""
    if len(key) > KEY_LENGTH_MAX:
        raise KeyWrongError
    # In a transaction of its own because that is run again on a connection which died between requests.
    identity = atomically(lambda s: find_client(s, key_hash=hash_key(key), now=now, ip=request.remote_addr))
    if identity is None:
        raise KeyWrongError
    if identity.client.revoked_at is not None:
        raise KeyRevokedError
    if identity.client.has_expired(now):
        raise KeyExpiredError
    if not identity.is_let_in:
        raise PlaceBlockedError
    return identity


def _by_token(text: str, now: datetime) -> tuple[ClientIdentity, frozenset[Permission]]:
    """Whose token this is, and what it may. It ends with the key for which it was given, whatever its own time."""
    token = read_token(text, now=now) if len(text) <= TOKEN_LENGTH_MAX else None
    if token is None:
        raise TokenExpiredError
    client_id = token.client_id
    identity = atomically(lambda s: load_client(s, client_id=client_id, now=now, ip=request.remote_addr))
    if identity is None or not identity.client.is_good(now) or not token.is_of(identity.hashes):
        raise TokenExpiredError
    if not identity.is_let_in:
        raise PlaceBlockedError
    return identity, token.permissions


def current_client() -> ClientIdentity:
    return cast("ClientIdentity", g.api_client)


def api_actor() -> Actor:
    """The key's person, limited to what the key was given."""
    return cast("Actor", g.api_actor)


def own_key(key: str) -> str:
    """The idempotency key as services keep it beside those of pages: of this client alone, however long it is."""
    return f"api:{fingerprint([str(current_client().client.id), key])}"


def may_use(permission: Permission) -> bool:
    return may(api_actor(), permission)


def require(permission: Permission, within: Collection[Scope] = ()) -> None:
    """Raises KeyLimitedError; with `within` also where it is held in none of these scopes."""
    if not may_use(permission) or (within and not scopes_of(api_actor(), permission) & set(within)):
        raise KeyLimitedError(permission=permission.value)


def channels_seen(permission: Permission) -> frozenset[int] | None:
    """The channels for which the key's person holds the permission; None for all."""
    return None if Scope.ALL in scopes_of(api_actor(), permission) else api_actor().managed_ids


def narrow_stores(permission: Permission) -> None:
    """From here on the actor of this request has only those stores in which he may do this."""
    g.api_actor = replace(api_actor(), store_ids=stores_for(api_actor(), permission))


def permissions_of(identity: ClientIdentity) -> frozenset[Permission]:
    """What the client was given, of what there is."""
    known = {permission.value for permission in Permission}
    return frozenset(Permission(name) for name in identity.client.permissions if name in known)


def _actor(identity: ClientIdentity, permissions: frozenset[Permission] | None) -> Actor:
    given = permissions_of(identity)
    return Actor(
        user_id=identity.client.user_id,
        roles=roles_of(identity.roles, sells=bool(identity.store_ids), manages=bool(identity.managed_ids)),
        store_ids=frozenset(identity.store_ids),
        store_roles=roles_in(identity.store_ids, identity.store_roles),
        channel_id=identity.client.channel_id,
        managed_ids=frozenset(identity.managed_ids),
        limited_to=given if permissions is None else given & permissions,
        client_id=identity.client.id,
    )


def _channel(channel_id: int) -> ChannelView:
    """The key's channel. An address that names another one, by path or host, is a mistake of the client."""
    directory = channel_directory()
    channel = directory.by_id(channel_id)
    named = request.environ.get(ENVIRON_KEY, "")
    host = request.host.partition(":")[0].lower()
    is_named = request.script_root.endswith(f"/{named}") or host in directory.hosts
    if is_named and named != channel.code:
        raise ChannelForbiddenError(channel=channel.code)
    if channel.state == State.CLOSED:
        raise ChannelOverError
    return channel
