"""Who asks: the key of a client stands for its person, on its channel, with no more than it was given."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import cast

from flask import g, request

from portal.blueprints.channel_path import ENVIRON_KEY
from portal.db import atomically
from portal.kit import clock
from portal.kit.errors import PortalError
from portal.kit.text import N_
from portal.queries.api_clients import ClientIdentity, find_client
from portal.queries.channels import ChannelView, channel_directory
from portal.rules.permissions import Actor, Permission, Role, may, roles_in, stores_for
from portal.services.accounts.make_api_client import hash_key
from portal.services.accounts.touch_api_client import touch_api_client

# Nobody needs to know to the second when a key was last used; a write per request would cost more than the request.
TOUCHED_EVERY = timedelta(minutes=5)
KEY_LENGTH_MAX = 200


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


def authenticate() -> ClientIdentity:
    """Find out who asks, and set the channel and actor of this request. Raises a Key…Error or ChannelForbiddenError."""
    scheme, _, key = request.headers.get("Authorization", "").strip().partition(" ")
    key = key.strip()
    if scheme.lower() != "bearer" or not key:
        raise KeyMissingError
    if len(key) > KEY_LENGTH_MAX:
        raise KeyWrongError
    now = clock.now()
    # In a transaction of its own because that is run again on a connection which died between requests.
    identity = atomically(lambda s: find_client(s, key_hash=hash_key(key)))
    if identity is None:
        raise KeyWrongError
    client = identity.client
    if client.revoked_at is not None:
        raise KeyRevokedError
    if client.has_expired(now):
        raise KeyExpiredError
    g.channel = _channel(client.channel_id)
    g.api_client = identity
    g.api_actor = _actor(identity)
    if client.last_used_at is None or now - client.last_used_at >= TOUCHED_EVERY:
        atomically(lambda s: touch_api_client(s, client_id=client.id, now=now, every=TOUCHED_EVERY))
    return identity


def current_client() -> ClientIdentity:
    return cast("ClientIdentity", g.api_client)


def api_actor() -> Actor:
    """The key's person, limited to what the key was given."""
    return cast("Actor", g.api_actor)


def may_use(permission: Permission) -> bool:
    return may(api_actor(), permission)


def require(permission: Permission) -> None:
    """Raises KeyLimitedError."""
    if not may_use(permission):
        raise KeyLimitedError(permission=permission.value)


def narrow_stores(permission: Permission) -> None:
    """From here on the actor of this request has only those stores in which he may do this."""
    g.api_actor = replace(api_actor(), store_ids=stores_for(api_actor(), permission))


def _actor(identity: ClientIdentity) -> Actor:
    roles = frozenset(Role(role) for role in identity.roles) | ({Role.SELLER} if identity.store_ids else frozenset())
    known = {permission.value for permission in Permission}
    return Actor(
        user_id=identity.client.user_id,
        roles=roles,
        store_ids=frozenset(identity.store_ids),
        store_roles=roles_in(identity.store_ids, identity.store_roles),
        channel_id=identity.client.channel_id,
        limited_to=frozenset(Permission(name) for name in identity.client.permissions if name in known),
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
    return channel
