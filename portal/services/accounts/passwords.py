"""Passwords: what is accepted, how it is kept, and how it is compared without telling who exists."""

from __future__ import annotations

import unicodedata
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from portal.kit.errors import PortalError
from portal.kit.text import N_

LENGTH_MIN = 8
# Long enough for any phrase; hashing more would let strangers spend our processor.
LENGTH_MAX = 256

# Argon2id as OWASP advises for servers: 19 MiB, two passes, one lane (IDN-03).
_hasher = PasswordHasher(memory_cost=19_456, time_cost=2, parallelism=1)


class PasswordUnfitError(PortalError):
    """The chosen password cannot be taken; `field` says where to show it."""

    code = "password_unfit"
    sentence = N_("Use at least %(minimum)s characters for the password.")
    field = "password"


class PasswordTooLongError(PasswordUnfitError):
    code = "password_too_long"
    sentence = N_("Use at most %(maximum)s characters for the password.")


def check_password(password: str) -> None:
    """Raises PasswordUnfitError. Any characters will do; only the length counts."""
    if len(password) < LENGTH_MIN:
        raise PasswordUnfitError(minimum=LENGTH_MIN)
    if len(password) > LENGTH_MAX:
        raise PasswordTooLongError(maximum=LENGTH_MAX)


def hash_password(password: str) -> str:
    return _hasher.hash(_same_on_every_keyboard(password))


def password_matches(password_hash: str | None, password: str) -> bool:
    """Compare; without a hash the same work is done for nothing, so that the time tells nothing."""
    if len(password) > LENGTH_MAX:
        password = ""
    try:
        _hasher.verify(password_hash or _nobodys_hash(), _same_on_every_keyboard(password))
    except (VerificationError, InvalidHashError):
        return False
    return password_hash is not None


def needs_rehash(password_hash: str) -> bool:
    """Whether the hash was made with other parameters than those of today."""
    return _hasher.check_needs_rehash(password_hash)


def _same_on_every_keyboard(password: str) -> str:
    """Hangul and accents arrive composed or decomposed, depending on the device."""
    return unicodedata.normalize("NFC", password)


@cache
def _nobodys_hash() -> str:
    return _hasher.hash("the password of nobody")
