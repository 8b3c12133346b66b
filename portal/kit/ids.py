"""Names of things: row ids, public numbers, tokens and coupon codes."""

import os
import re
import secrets
import threading
import time
import unicodedata
from uuid import UUID

# Without 0/O, 1/I/L and U/V: people read these aloud and copy them by hand (CPN-02).
ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"

_ROUNDS = 256 // len(ALPHABET) * len(ALPHABET)
_DRAWN = bytes(ord(ALPHABET[byte % len(ALPHABET)]) for byte in range(256))
_LEFT_OUT = bytes(range(_ROUNDS, 256))
_NUMBER_LENGTH = 10
_SEQUENCE_MAX = 0xFFF
# Spaces of every kind, zero-width ones too, and every character that Unicode or keyboards use as a dash.
_SEPARATORS = re.compile(
    r"[\s\-\u00ad\u058a\u2010-\u2015\u200b-\u200d\u2060\u2212\u2e3a\u2e3b\u30fc\ufe58\ufe63\uff0d\ufeff]+"
)

_lock = threading.Lock()
_last_ms = 0
_sequence = 0


def new_id() -> UUID:
    """Return a UUIDv7 (RFC 9562), later ones above earlier ones within this process."""
    global _last_ms, _sequence
    with _lock:
        ms = time.time_ns() // 1_000_000
        if ms > _last_ms:
            # The upper half of the counter stays free, so that a burst within the millisecond fits above the start.
            _last_ms, _sequence = ms, secrets.randbits(11)
        elif _sequence < _SEQUENCE_MAX:
            _sequence += 1
        else:
            _last_ms, _sequence = _last_ms + 1, secrets.randbits(11)
        ms, sequence = _last_ms, _sequence
    tail = int.from_bytes(os.urandom(8), "big") & ((1 << 62) - 1)
    return UUID(int=ms << 80 | 0x7 << 76 | sequence << 64 | 0b10 << 62 | tail)


def new_code(length: int) -> str:
    """Return an unguessable code of `length` characters without look-alikes, as normalise_code would leave it."""
    return "".join(secrets.choice(ALPHABET) for _ in range(length))


def new_codes(count: int, length: int) -> list[str]:
    """Return `count` different codes as new_code makes them, many thousand in a moment.

    `length` must leave room for so many: each further one is drawn until it is new.
    """
    made: set[str] = set()
    while len(made) < count:
        # Bytes above the last whole round of the alphabet are left out, so that every character is as likely.
        drawn = os.urandom((count - len(made)) * length * 16 // 15 + 64).translate(_DRAWN, _LEFT_OUT).decode()
        made.update(drawn[at : at + length] for at in range(0, len(drawn) - length + 1, length))
    return list(made)[:count]


def new_number(prefix: str) -> str:
    """Return a public number such as KR-7F3K9Q2MXA, which tells nothing about how many there are."""
    return f"{prefix}-{new_code(_NUMBER_LENGTH)}"


def new_token() -> str:
    """Return 32 random bytes, safe in addresses."""
    return secrets.token_urlsafe(32)


def normalise_code(text: str) -> str:
    """Return a typed code as it is stored: capitals, full width made narrow, spaces and hyphens out."""
    return _SEPARATORS.sub("", unicodedata.normalize("NFKC", text)).upper()
