"""Encryption of personal data and secrets in columns (BAL-12): AES-GCM with rotating keys, and blind indexes.

An encrypted value is `key id length | key id | nonce | ciphertext`. The name of the column is authenticated with
it, so that a value moved to another column does not decrypt. A blind index (HMAC) makes equality searchable.
"""

from __future__ import annotations

import hashlib
import hmac
import os
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as Base64Error
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import LargeBinary
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator

from portal.kit.person_keys import name_key, phone_key

NONCE_BYTES = 12
# Hexadecimal digits: two of a thousand million marks are seldom the same, and whoever looks sees what he has found.
MARK_LENGTH = 20
LINK_SIGNATURE_BYTES = 16


class UnreadableValueError(Exception):
    """A stored value does not decrypt: its key is gone from the ring, or it was altered."""


@dataclass(frozen=True)
class KeyRing:
    """Keys by id; the first encrypts, all decrypt, the last is the base of blind indexes and stays in the ring."""

    keys: dict[str, bytes] = field(repr=False)

    @property
    def current_id(self) -> str:
        return next(iter(self.keys))

    def encrypt(self, text: str, context: str) -> bytes:
        nonce = os.urandom(NONCE_BYTES)
        sealed = AESGCM(self.keys[self.current_id]).encrypt(nonce, text.encode(), context.encode())
        return key_prefix(self.current_id) + nonce + sealed

    def decrypt(self, blob: bytes, context: str) -> str:
        """Raises UnreadableValueError."""
        size = blob[0]
        key = self.keys.get(blob[1 : 1 + size].decode())
        if key is None:
            raise UnreadableValueError("The key of a stored value is not in the ring.")
        nonce, sealed = blob[1 + size : 1 + size + NONCE_BYTES], blob[1 + size + NONCE_BYTES :]
        try:
            return AESGCM(key).decrypt(nonce, sealed, context.encode()).decode()
        except InvalidTag as error:
            raise UnreadableValueError("A stored value was altered.") from error

    def blind_index(self, text: str) -> bytes:
        """A keyed hash of `text` for look-ups by equality; tells nothing without the key."""
        base = self.keys[next(reversed(self.keys))]
        return hmac.new(hashlib.sha256(b"portal blind index" + base).digest(), text.encode(), hashlib.sha256).digest()

    def signing_key(self) -> Ed25519PrivateKey:
        """What signs; the same as long as the last key of the ring is."""
        base = self.keys[next(reversed(self.keys))]
        return Ed25519PrivateKey.from_private_bytes(hashlib.sha256(b"portal signature" + base).digest())


def key_prefix(key_id: str) -> bytes:
    """How every value begins that this key has encrypted."""
    return bytes([len(key_id.encode())]) + key_id.encode()


class _Ring:
    """The key ring of this process, set once at its start."""

    def __init__(self) -> None:
        self.current: KeyRing | None = None

    def get(self) -> KeyRing:
        if self.current is None:
            raise RuntimeError("The key ring is not loaded: call crypto.load_keys(keys) first.")
        return self.current


_ring = _Ring()


def load_keys(keys: Mapping[str, bytes]) -> None:
    """Give this process its keys of 32 bytes by id, the current one first."""
    _ring.current = KeyRing(dict(keys))


def current_key_id() -> str:
    """The id of the key that encrypts now."""
    return _ring.get().current_id


def renew(blob: bytes, context: str) -> bytes:
    """The same text encrypted with the current key. Raises UnreadableValueError."""
    ring = _ring.get()
    return ring.encrypt(ring.decrypt(blob, context), context)


def blind_index(text: str) -> bytes:
    return _ring.get().blind_index(text)


def signing_key() -> Ed25519PrivateKey:
    """What this portal signs with; its public half is told to those who are to believe it."""
    return _ring.get().signing_key()


def sign_link(purpose: str, body: bytes) -> str:
    """`body` as a word of an address that only this portal can have written, for one purpose. It never runs out."""
    return urlsafe_b64encode(body + _link_signature(purpose, body)).decode().rstrip("=")


def read_link(purpose: str, token: str) -> bytes | None:
    """What such a word says; None when it was cut off or altered, or was written for something else."""
    try:
        found = urlsafe_b64decode(token + "=" * (-len(token) % 4))
    except (ValueError, Base64Error):
        return None
    body, signature = found[:-LINK_SIGNATURE_BYTES], found[-LINK_SIGNATURE_BYTES:]
    return body if hmac.compare_digest(signature, _link_signature(purpose, body)) else None


def _link_signature(purpose: str, body: bytes) -> bytes:
    return blind_index(f"{purpose} {body.hex()}")[:LINK_SIGNATURE_BYTES]


def email_index(email: str) -> bytes:
    """The blind index of an e-mail address, without regard to case and outer space."""
    return blind_index("email:" + email.strip().casefold())


def person_marks(*, names: Iterable[str] = (), phones: Iterable[str] = (), emails: Iterable[str] = ()) -> list[str]:
    """What a record is found by though its names, phones and e-mail addresses are encrypted: short blind indexes."""
    keys = [f"name:{key}" for name in names if (key := name_key(name))]
    keys += [f"phone:{key}" for phone in phones if (key := phone_key(phone))]
    keys += [f"email:{email.strip().casefold()}" for email in emails if "@" in email]
    return sorted({blind_index(f"mark {key}").hex()[:MARK_LENGTH] for key in keys})


class EncryptedText(TypeDecorator[str]):
    """Text that is readable only through the key ring. `context` names table and column."""

    impl = LargeBinary
    cache_ok = True

    def __init__(self, context: str) -> None:
        super().__init__()
        self.context = context

    def process_bind_param(self, value: str | None, dialect: Dialect) -> bytes | None:
        return None if value is None else _ring.get().encrypt(value, self.context)

    def process_result_value(self, value: bytes | None, dialect: Dialect) -> str | None:
        return None if value is None else _ring.get().decrypt(bytes(value), self.context)
