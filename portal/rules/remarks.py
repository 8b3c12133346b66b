"""Reviews and questions of products: their shape, and when a buyer is asked for a review (CAT-03, ORD-09)."""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum
from typing import Final

from portal.kit.errors import PortalError
from portal.kit.text import N_

STARS: Final = range(1, 6)
TEXT_LENGTH_MAX: Final = 2_000
PICTURES_MAX: Final = 4
# A buyer is asked once he has had it for a day, and not about what came long ago.
INVITED_AFTER: Final = timedelta(days=1)
INVITED_UNTIL: Final = timedelta(days=30)


class RemarkKind(StrEnum):
    REVIEW = "review"
    QUESTION = "question"


class StarsMissingError(PortalError):
    code = "stars_missing"
    sentence = N_("Choose one to five stars.")
    field = "stars"


class RemarkEmptyError(PortalError):
    code = "remark_empty"
    sentence = N_("Write something.")
    field = "text"


class RemarkTooLongError(PortalError):
    code = "remark_too_long"
    sentence = N_("At most %(length)s characters. Shorten it.")
    field = "text"


class HidingReasonError(PortalError):
    code = "reason_missing"
    sentence = N_("Say why, in a few words.")
    field = "reason"


def read_stars(text: str) -> int:
    """Raises StarsMissingError."""
    if len(text) == 1 and text in "12345":
        return int(text)
    raise StarsMissingError


def read_text(text: str, *, may_be_empty: bool = False) -> str:
    """A text as it is kept. Raises RemarkEmptyError, RemarkTooLongError."""
    kept = text.replace("\r\n", "\n").replace("\0", "").strip()
    if not kept and not may_be_empty:
        raise RemarkEmptyError
    if len(kept) > TEXT_LENGTH_MAX:
        raise RemarkTooLongError(length=TEXT_LENGTH_MAX)
    return kept


def average_tenths(stars: int, reviews: int) -> int:
    """The average in tenths of a star, half of one rounded up; 0 without reviews."""
    return (20 * stars + reviews) // (2 * reviews) if reviews else 0
