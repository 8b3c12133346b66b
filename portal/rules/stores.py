"""What a store says of itself, and when it takes no orders."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from portal.kit.errors import PortalError
from portal.kit.text import N_

NAME_MAX: Final = 60
DESCRIPTION_MAX: Final = 1_000
MESSAGE_MAX: Final = 300
ADDRESS_MAX: Final = 300
# So long after another bank account was given nothing is paid to it, for its owners have to hear of it first.
BANK_REST: Final = timedelta(days=3)

_PHONE = re.compile(r"\+?[0-9][0-9 ()\-]{5,24}")


class StoreUnfitError(PortalError):
    """Something in a store's profile cannot be kept; `field` is where."""

    code = "store_unfit"
    field = "name-en"


class StoreNameError(StoreUnfitError):
    code = "store_name_unfit"
    sentence = N_("Give the store a name of at most 60 characters in both languages.")


class StoreTextTooLongError(StoreUnfitError):
    code = "store_text_too_long"
    sentence = N_("What the store says of itself has at most 1,000 characters, and the message of a pause 300.")
    field = "description-en"


class StorePhoneError(StoreUnfitError):
    code = "store_phone_unfit"
    sentence = N_("Enter a phone number such as 02-123-4567 or +82 2 123 4567.")
    field = "contact_phone"


class StorePauseError(StoreUnfitError):
    code = "store_pause_unfit"
    sentence = N_("A pause ends after it begins, and not in the past.")
    field = "pause_until"


class StorePauseUntoldError(StoreUnfitError):
    code = "store_pause_untold"
    sentence = N_("Tell buyers in both languages why the store takes no orders.")
    field = "pause-en"


@dataclass(frozen=True, slots=True)
class Pause:
    """From when until when (exclusive; None for good) no orders are taken, and what buyers read meanwhile."""

    start: datetime
    until: datetime | None
    message: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Profile:
    """What a store says of itself; texts are {locale: text}."""

    name: Mapping[str, str]
    description: Mapping[str, str] = field(default_factory=dict)
    picture: str | None = None
    contact_email: str | None = None
    contact_phone: str | None = None
    return_address: str | None = None
    pause: Pause | None = None


def check_profile(profile: Profile, *, now: datetime) -> None:
    """Raises the first StoreUnfitError."""
    if any(not 0 < len(profile.name.get(language, "")) <= NAME_MAX for language in ("en", "ko")):
        raise StoreNameError
    if any(len(words) > DESCRIPTION_MAX for words in profile.description.values()):
        raise StoreTextTooLongError
    if profile.contact_phone and not _PHONE.fullmatch(profile.contact_phone):
        raise StorePhoneError
    pause = profile.pause
    if pause is None:
        return
    if pause.until is not None and pause.until <= max(pause.start, now):
        raise StorePauseError
    if any(not pause.message.get(language) for language in ("en", "ko")):
        raise StorePauseUntoldError
    if any(len(words) > MESSAGE_MAX for words in pause.message.values()):
        raise StoreTextTooLongError
