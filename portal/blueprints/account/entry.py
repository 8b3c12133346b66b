"""The door: how a browser becomes known, how it becomes somebody's, and how it is forgotten.

The cookie is written only after the transaction has committed: first `enter` or `acting` within it, then `remember`.
"""

from __future__ import annotations

import ipaddress
import uuid
from dataclasses import replace
from datetime import datetime
from typing import Any

from flask import Response, after_this_request, current_app, g, request, session
from itsdangerous import BadSignature, URLSafeSerializer
from sqlalchemy.orm import Session

from portal.blueprints.access import path_only
from portal.blueprints.identity import (
    LOCALE_KEY,
    THEME_KEY,
    TOKEN_KEY,
    current_actor,
    current_channel,
    current_identity,
    forget_identity,
)
from portal.config import Settings
from portal.kit.errors import Rejection
from portal.rules.permissions import Actor
from portal.services.accounts.sessions import start_session
from portal.services.cart.merge_carts import merge_carts
from portal.services.fraud.score_acts import score_sign_in
from portal.services.loyalty.claim_referral import claim_referral

DEVICE_COOKIE = "device"
DEVICE_SALT = "portal device"
# The longest that browsers keep a cookie.
DEVICE_LIFETIME_S = 400 * 24 * 3600
KEPT_KEYS = (LOCALE_KEY, THEME_KEY)
# The code of an invitation that the browser has followed, until somebody signs up with it.
INVITED_KEY = "invited"


def enter(opened: Session, *, user_id: uuid.UUID, now: datetime) -> str:
    """Begin a session of this user in place of the browser's old one, and bring a visitor's cart along.

    Returns the token for `remember`.
    """
    before = current_identity()
    token, _row = start_session(
        opened, user_id=user_id, now=now, in_place_of=before.session_id if before else None, **_browser()
    )
    if before is not None and before.user_id is None:
        merge_carts(opened, session_id=before.session_id, user_id=user_id, channel_id=current_channel().id, now=now)
    return token


def score_entry(opened: Session, *, user_id: uuid.UUID, now: datetime) -> Rejection | None:
    """Whether the rules of risk refuse somebody whose password was right; asked before `enter`."""
    return score_sign_in(opened, user_id=user_id, device_id=device_id(), ip=request.remote_addr, now=now)


def note_invitation(opened: Session, *, user_id: uuid.UUID, now: datetime) -> None:
    """Note who invited the newcomer who signs up just now in this browser."""
    code = session.get(INVITED_KEY)
    if code:
        claim_referral(opened, referee_id=user_id, code=str(code), device_id=device_id(), now=now)


def acting(opened: Session, *, now: datetime) -> tuple[Actor, str | None]:
    """Who acts, with a session in any case: a visitor gets his with the first thing that must be remembered.

    The second value is the token for `remember`, when a session began.
    """
    actor = current_actor()
    if actor.session_id is not None:
        return actor, None
    token, row = start_session(opened, user_id=None, now=now, **_browser())
    return replace(actor, session_id=row.id), token


def remember(token: str, *, anew: bool = True) -> None:
    """Put the token into the cookie. `anew` drops everything else in it but language and theme: at every sign-in."""
    if anew:
        forget()
    session[TOKEN_KEY] = token
    session.permanent = True
    forget_identity()


def forget() -> None:
    """Empty the cookie but for language and theme."""
    kept = {key: session[key] for key in KEPT_KEYS if key in session}
    session.clear()
    session.update(kept)
    forget_identity()


def onward(address: str | None, default: str) -> str:
    """Where to go after a form: an address of ours on this channel, whatever the form says."""
    return request.script_root + path_only(address) if address else default


def network_address() -> str | None:
    """The address that limits are counted for; None where everybody comes from this machine, as in a demo."""
    address = request.remote_addr or ""
    settings: Settings = current_app.config["PORTAL"]
    try:
        local = ipaddress.ip_address(address).is_loopback
    except ValueError:
        return None
    return None if local and not settings.is_production else address


def _browser() -> dict[str, Any]:
    return {
        "ip": request.remote_addr or "",
        "user_agent": request.headers.get("User-Agent", ""),
        "device_id": device_id(),
    }


def device_id() -> uuid.UUID:
    """Which device this is: a signed cookie that outlives sessions, made when a session first needs it (IDN-01)."""
    if "device_id" not in g:
        g.device_id = _known_device() or _new_device()
    found: uuid.UUID = g.device_id
    return found


def _signer() -> URLSafeSerializer:
    return URLSafeSerializer(current_app.secret_key or "", salt=DEVICE_SALT)


def _known_device() -> uuid.UUID | None:
    try:
        return uuid.UUID(_signer().loads(request.cookies.get(DEVICE_COOKIE, "")))
    except (BadSignature, ValueError, AttributeError, TypeError):
        return None


def _new_device() -> uuid.UUID:
    # Random, not in the order of time: it tells nothing about when the browser first came.
    made = uuid.uuid4()

    @after_this_request
    def keep(response: Response) -> Response:
        response.set_cookie(
            DEVICE_COOKIE,
            _signer().dumps(made.hex),
            max_age=DEVICE_LIFETIME_S,
            httponly=True,
            samesite="Lax",
            secure=current_app.config["SESSION_COOKIE_SECURE"],
            path="/",
        )
        return response

    return made
