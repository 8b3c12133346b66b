"""How often a mail is tried, and which one may be sent a second time (NOT-01)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

PAUSE_MAX: Final = timedelta(hours=1)
# With the pauses below nearly five days: so long a sender is asked to go on (RFC 5321, 4.5.4.1).
TRIES_MAX: Final = 128
# Codes and links that let somebody in, and what advertises: these go out once, and are asked for anew by their reader.
ONCE_ONLY: Final = frozenset({"step_up_code", "verify_email", "password_reset", "store_invitation", "offer"})


def next_try(now: datetime, attempts: int) -> datetime | None:
    """When a mail that `attempts` tries have not brought away is tried again: after 2, 4, 8 ... seconds, at most an
    hour; None when it has been tried for days."""
    if attempts >= TRIES_MAX:
        return None
    return now + min(timedelta(seconds=2 ** min(max(attempts, 0), 12)), PAUSE_MAX)


def is_refused_for_good(code: int) -> bool:
    """Whether a mail server's answer says that trying again is of no use (RFC 5321, 4.2.1: 5yz)."""
    return 500 <= code <= 599


def may_go_again(template: str, *, is_sent: bool) -> bool:
    """Whether a person may have it sent once more. What never arrived may always be tried."""
    return not is_sent or template not in ONCE_ONLY
