"""Why an account may be frozen (FRD-07, FRD-08)."""

from enum import StrEnum
from typing import Final

NOTE_LENGTH_MAX: Final = 500


class FreezeReason(StrEnum):
    """What is suspected or known. The owner reads only that his account is on hold."""

    FRAUD = "fraud"
    ACCOUNT_TAKEN_OVER = "account_taken_over"
    INCENTIVE_ABUSE = "incentive_abuse"
    IDENTITY_UNCLEAR = "identity_unclear"
    LEGAL = "legal"
    OTHER = "other"


def note_of(typed: str) -> str | None:
    """A note as it is kept."""
    return " ".join(typed.replace("\0", "").split())[:NOTE_LENGTH_MAX] or None
