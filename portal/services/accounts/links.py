"""The signed links in mails that verify an e-mail or set a new password.

A link carries whose it is, what for and until when, and a keyed hash over these and over a fact that its use
changes. So it works once, needs no table, and nothing in a queue or a log lets anybody make one.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from portal.crypto import blind_index
from portal.kit.errors import PortalError
from portal.kit.text import N_

_UUID_BYTES = 16
_SECONDS_BYTES = 8
_MAC_BYTES = 32


class Purpose(StrEnum):
    VERIFY = "verify e-mail"
    RESET = "reset password"
    # Carries the number of an invitation instead of a person.
    INVITE = "work for a store"


LIFETIMES = {Purpose.VERIFY: timedelta(days=7), Purpose.RESET: timedelta(hours=1), Purpose.INVITE: timedelta(days=7)}


class LinkSpentError(PortalError):
    """The link was used, is too old, or was never ours: one answer for all."""

    code = "link_spent"
    status = 410
    sentence = N_("This link has been used or is too old. Ask for a new one.")


@dataclass(frozen=True, slots=True)
class Claim:
    """What a link says of itself, before anything of it is believed."""

    user_id: uuid.UUID
    expires_at: datetime
    mac: bytes


def make_link(purpose: Purpose, *, user_id: uuid.UUID, fact: str, now: datetime) -> str:
    """Return the token of a link. `fact` is what its use changes: the password's hash, or that it is unverified."""
    expires_at = now + LIFETIMES[purpose]
    body = user_id.bytes + int(expires_at.timestamp()).to_bytes(_SECONDS_BYTES, "big")
    return base64.urlsafe_b64encode(body + _mac(purpose, body, fact)).rstrip(b"=").decode()


def read_link(token: str, *, now: datetime) -> Claim:
    """Take a link apart. Raises LinkSpentError when it is malformed or too old; then `check_link` is still due."""
    try:
        raw = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
    except (ValueError, binascii.Error) as error:
        raise LinkSpentError from error
    if len(raw) != _UUID_BYTES + _SECONDS_BYTES + _MAC_BYTES:
        raise LinkSpentError
    seconds = int.from_bytes(raw[_UUID_BYTES : _UUID_BYTES + _SECONDS_BYTES], "big")
    if seconds <= now.timestamp():
        raise LinkSpentError
    try:
        expires_at = datetime.fromtimestamp(seconds, UTC)
    except (OverflowError, ValueError, OSError) as error:
        raise LinkSpentError from error
    return Claim(uuid.UUID(bytes=raw[:_UUID_BYTES]), expires_at, raw[-_MAC_BYTES:])


def check_link(claim: Claim, purpose: Purpose, *, fact: str) -> None:
    """Raises LinkSpentError unless we made this link for this purpose and the fact has not changed since."""
    body = claim.user_id.bytes + int(claim.expires_at.timestamp()).to_bytes(_SECONDS_BYTES, "big")
    if not hmac.compare_digest(claim.mac, _mac(purpose, body, fact)):
        raise LinkSpentError


def _mac(purpose: Purpose, body: bytes, fact: str) -> bytes:
    return blind_index(f"link:{purpose}:{body.hex()}:{fact}")
