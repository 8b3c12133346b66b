"""Who asks, on which channel, in which language: read once per request and kept in `g`."""

from __future__ import annotations

import hashlib
import uuid
from dataclasses import replace
from typing import cast

from flask import g, request, session
from flask_login import AnonymousUserMixin, UserMixin, current_user

from portal.blueprints.channel_path import ENVIRON_KEY
from portal.db import look
from portal.extensions import login_manager
from portal.kit import clock
from portal.queries.channels import ChannelView, channel_directory
from portal.queries.identities import Identity, find_identity
from portal.rules.permissions import Actor, Permission, Role, roles_in, roles_of, stores_for

TOKEN_KEY = "token"  # noqa: S105  # The name of a cookie value, not one.
LOCALE_KEY = "lang"
THEME_KEY = "theme"
LOCALES = ("en", "ko")
DESKS = ("admin", "seller")


class SignedInUser(UserMixin):  # type: ignore[misc]  # Flask-Login publishes no types.
    """What Flask-Login and templates know of the person who asks."""

    def __init__(self, identity: Identity) -> None:
        self.identity = identity
        self.id = str(identity.user_id)
        self.user_id = cast("uuid.UUID", identity.user_id)
        self.email = identity.email
        self.display_name = identity.name or identity.email
        self.is_seller = bool(identity.store_ids)
        self.is_admin = any(role not in {Role.BUYER, Role.SELLER} for role in identity.roles)
        self.manages_channels = bool(identity.managed_ids)


class Visitor(AnonymousUserMixin):  # type: ignore[misc]  # Flask-Login publishes no types.
    """Somebody who has not signed in."""

    display_name = None
    is_seller = False
    is_admin = False
    manages_channels = False


login_manager.anonymous_user = Visitor


@login_manager.request_loader  # type: ignore[untyped-decorator]  # Flask-Login publishes no types.
def load_user(_request: object) -> SignedInUser | None:
    """Only the row of the session says who one is; nothing in the cookie is believed."""
    identity = current_identity()
    return SignedInUser(identity) if identity is not None and identity.user_id is not None else None


def hash_token(token: str) -> bytes:
    """What is stored of a session token: it is random, so one round of SHA-256 is enough."""
    return hashlib.sha256(token.encode()).digest()


def current_identity() -> Identity | None:
    """The browser behind this request, if it is known. The database is asked once."""
    here = g._get_current_object()  # noqa: SLF001  # Werkzeug's public name: a page asks many times.
    if not hasattr(here, "identity"):
        token = session.get(TOKEN_KEY)
        here.identity = None
        if token:
            # The first question of a request meets a connection that died since the last one, and is asked again.
            ip = request.remote_addr
            here.identity = look(lambda s: find_identity(s, token_hash=hash_token(token), now=clock.now(), ip=ip))
    return cast("Identity | None", here.identity)


def forget_identity() -> None:
    """Read who asks anew: after signing in or out within a request."""
    g.pop("identity", None)
    g.pop("_login_user", None)


def current_channel() -> ChannelView:
    here = g._get_current_object()  # noqa: SLF001  # As above.
    if not hasattr(here, "channel"):
        directory = channel_directory()
        here.channel = directory[request.environ.get(ENVIRON_KEY) or directory.default]
    return cast("ChannelView", here.channel)


def current_actor() -> Actor:
    """The one who acts, as services want him: with roles, stores, session and channel."""
    identity, channel_id, needed = current_identity(), current_channel().id, g.get("needed_in_stores")
    here = g._get_current_object()  # noqa: SLF001  # As above.
    made: tuple[Identity | None, int, Permission | None, Actor] | None = getattr(here, "actor", None)
    if made is None or made[0] is not identity or made[1:3] != (channel_id, needed):
        made = here.actor = (identity, channel_id, needed, _actor(identity, channel_id, needed))
    return made[3]


def _actor(identity: Identity | None, channel_id: int, needed: Permission | None) -> Actor:
    if identity is None or identity.user_id is None:
        return Actor(
            user_id=None,
            roles=frozenset({Role.VISITOR}),
            store_ids=frozenset(),
            session_id=identity.session_id if identity else None,
            channel_id=channel_id,
        )
    actor = Actor(
        user_id=identity.user_id,
        roles=roles_of(identity.roles, sells=bool(identity.store_ids), manages=bool(identity.managed_ids)),
        store_ids=frozenset(identity.store_ids),
        store_roles=roles_in(identity.store_ids, identity.store_roles),
        session_id=identity.session_id,
        channel_id=channel_id,
        managed_ids=frozenset(identity.managed_ids),
    )
    return actor if needed is None else replace(actor, store_ids=stores_for(actor, needed))


def narrow_stores(permission: Permission) -> None:
    """From here on the actor of this request has only those stores in which he may do this."""
    g.needed_in_stores = permission


def current_locale() -> str:
    """The language of this answer: asked for, chosen before, of the profile, of a desk's browser, of the channel."""
    here = g._get_current_object()  # noqa: SLF001  # As above.
    if not hasattr(here, "locale"):
        asked = request.args.get(LOCALE_KEY)
        if asked in LOCALES:
            session[LOCALE_KEY] = asked
        identity = current_identity()
        chosen = session.get(LOCALE_KEY) or (identity.locale if identity else None)
        if chosen not in LOCALES and request.blueprint in DESKS:
            # A desk is no shop of some country: whoever works there reads what his browser asks for.
            chosen = request.accept_languages.best_match(LOCALES)
        here.locale = chosen if chosen in LOCALES else current_channel().default_locale
    return cast("str", here.locale)


def current_theme() -> str:
    identity = current_identity()
    return session.get(THEME_KEY) or (identity.theme if identity and identity.theme else "auto")


def current_zone() -> str:
    """The zone in which times are shown: the channel's."""
    return current_channel().time_zone


def signed_in() -> bool:
    return bool(current_user.is_authenticated)
