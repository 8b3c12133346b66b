"""Names and phone numbers as they are compared: what people write in many ways, brought to one."""

from __future__ import annotations

import re
import unicodedata

# Country code and leading zero are written or left out; these last digits are the same either way.
PHONE_DIGITS = 9
PHONE_DIGITS_MIN = 7
PHONE_DIGITS_MAX = 15
_PHONE = re.compile(r"\+?[\d\s().\-]+")


def phone_key(text: str) -> str | None:
    """The last digits of a phone number, however it is written; None for what is none."""
    plain = unicodedata.normalize("NFKC", text).strip()
    if not _PHONE.fullmatch(plain):
        return None
    digits = "".join(filter(str.isdecimal, plain))
    return digits[-PHONE_DIGITS:] if PHONE_DIGITS_MIN <= len(digits) <= PHONE_DIGITS_MAX else None


def name_key(text: str) -> str | None:
    """A person's name without spaces and capitals; None for fewer than two characters."""
    key = "".join(unicodedata.normalize("NFKC", text).casefold().split())
    return key if len(key) > 1 else None
