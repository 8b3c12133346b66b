"""POST /api/v1/token: a token for a client's id and key, as any OAuth library asks for it (RFC 6749, 4.4 and 5)."""

from __future__ import annotations

import base64
import binascii
import uuid
from typing import NoReturn
from urllib.parse import unquote_plus

import orjson
from flask import Response, request
from flask_babel import gettext

from portal.blueprints.access import public
from portal.blueprints.api.keys import PlaceBlockedError, identify, permissions_of
from portal.blueprints.api.limits import count_request
from portal.blueprints.api.tokens import LIFETIME, make_token
from portal.kit import clock
from portal.kit.errors import PortalError
from portal.kit.text import N_
from portal.queries.api_clients import ClientIdentity
from portal.queries.channels import channel_directory
from portal.rules.channels import State
from portal.rules.permissions import Permission
from portal.services.accounts.make_api_client import hash_key

GRANT = "client_credentials"
CHANNEL_SCOPE = "channel:"
FORM_BYTES_MAX = 8 * 1024


class TokenRefusedError(Exception):
    """No token is given. `error` is one of RFC 6749, 5.2."""

    def __init__(self, error: str, sentence: str, status: int = 400) -> None:
        self.error = error
        self.status = status
        super().__init__(sentence)


@public
def give_token() -> Response:
    """POST /token"""
    request.max_content_length = FORM_BYTES_MAX
    try:
        return _answer(200, _granted())
    except TokenRefusedError as refusal:
        body = {"error": refusal.error, "error_description": gettext(str(refusal))}
        answer = _answer(refusal.status, body)
        if refusal.status == 401:
            answer.headers["WWW-Authenticate"] = 'Basic realm="portal"'
        return answer


def _granted() -> dict[str, object]:
    if any(len(request.form.getlist(name)) > 1 for name in request.form):
        _refuse("invalid_request", N_("A parameter was sent twice."))
    grant = request.form.get("grant_type")
    if grant is None:
        _refuse("invalid_request", N_("Send grant_type=client_credentials as a form."))
    if grant != GRANT:
        _refuse("unsupported_grant_type", N_("Only client_credentials is given here."))
    identity, key = _client()
    count_request(identity.client.id)
    permissions = _scope(identity, request.form.get("scope"))
    now = clock.now()
    return {
        "access_token": make_token(identity.client.id, hash_key(key), permissions, now=now),
        "token_type": "Bearer",
        "expires_in": int(LIFETIME.total_seconds()),
        "scope": " ".join(sorted(one.value for one in permissions)),
    }


def _client() -> tuple[ClientIdentity, str]:
    """The client by the header or by the form. Which of its id and its key is wrong is not told."""
    given, key = _basic() if "Authorization" in request.headers else _form()
    try:
        identity = identify(key, clock.now())
    except PlaceBlockedError as blocked:
        _refuse("unauthorized_client", blocked.sentence)
    except PortalError:
        _no_client()
    try:
        is_its = identity.client.id == uuid.UUID(given)
    except ValueError:
        is_its = False
    if not is_its or channel_directory().by_id(identity.client.channel_id).state == State.CLOSED:
        _no_client()
    return identity, key


def _form() -> tuple[str, str]:
    return request.form.get("client_id", ""), request.form.get("client_secret", "")


def _basic() -> tuple[str, str]:
    scheme, _, encoded = request.headers["Authorization"].partition(" ")
    if scheme.lower() != "basic":
        _no_client()
    try:
        name, _, secret = base64.b64decode(encoded.strip(), validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        _no_client()
    return unquote_plus(name), unquote_plus(secret)


def _scope(identity: ClientIdentity, asked: str | None) -> frozenset[Permission]:
    """What the token may: everything that the client may, or less if less is asked for."""
    held = permissions_of(identity)
    words = (asked or "").split()
    channel = channel_directory().by_id(identity.client.channel_id)
    channels = [one for one in words if one.startswith(CHANNEL_SCOPE) and one not in set(Permission)]
    if any(one != f"{CHANNEL_SCOPE}{channel.code}" for one in channels):
        _refuse("invalid_scope", N_("This client is for another channel."))
    names = [one for one in words if one not in channels]
    if not set(names) <= {one.value for one in held}:
        _refuse("invalid_scope", N_("This client was not given all of these permissions."))
    return frozenset(Permission(one) for one in names) if names else held


def _answer(status: int, body: dict[str, object]) -> Response:
    response = Response(orjson.dumps(body), status=status, mimetype="application/json")
    response.headers["Cache-Control"] = "no-store"
    return response


def _no_client() -> NoReturn:
    _refuse("invalid_client", N_("This client and its key do not belong together, or it is over."), 401)


def _refuse(error: str, sentence: str, status: int = 400) -> NoReturn:
    raise TokenRefusedError(error, sentence, status)
