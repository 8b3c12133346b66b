"""How well a gateway account works: a score over a moving window, and a breaker that spares buyers a dead one (PAY-06).

What counts against an account is that it was not reached, or gave no answer; that a bank says no does not. The shape is
Saleor's breaker and Hyperswitch's elimination, with numbers for a mall of our size.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

WINDOW = timedelta(minutes=5)
# It opens at so many failures within the window, if they are at least this share of all calls.
FAILURES_MIN = 3
FAILED_PERCENT_MIN = 35
# So long it is not asked; then it is half open until so many calls went well in a row.
OPEN_FOR = timedelta(minutes=1)
GOOD_TO_CLOSE = 3
# Fewer calls than this say nothing of an account; below this share of good ones it comes after the others.
SAMPLES_MIN = 10
SCORE_LOW = 80


class Health(StrEnum):
    """What the circuit breaker says. A half-open account is tried after the healthy ones."""

    CLOSED = "closed"
    HALF_OPEN = "half_open"
    OPEN = "open"


class Turn(StrEnum):
    """What one call did to the breaker."""

    OPENED = "opened"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class Record:
    """The calls of the window, and the breaker: since when it is open, and how many calls went well since.

    `failed_lately` looks back twice as far: as long as somebody may be waiting because of a failure.
    """

    good: int = 0
    failed: int = 0
    opened_at: datetime | None = None
    good_since: int = 0
    failed_lately: bool = False

    def health(self, now: datetime) -> Health:
        if self.opened_at is None:
            return Health.CLOSED
        return Health.OPEN if now < self.opened_at + OPEN_FOR else Health.HALF_OPEN

    @property
    def score(self) -> int | None:
        """The share of good calls in per cent, rounded down; None while there are too few to tell."""
        calls = self.good + self.failed
        return self.good * 100 // calls if calls >= SAMPLES_MIN else None


def turn_of(record: Record, *, failed: bool, now: datetime) -> Turn | None:
    """What the breaker does after a call; `record` counts it already."""
    if record.opened_at is None:
        calls = record.good + record.failed
        opens = failed and record.failed >= FAILURES_MIN and record.failed * 100 >= FAILED_PERCENT_MIN * calls
        return Turn.OPENED if opens else None
    if failed:
        # While it is open only calls that were on their way arrive; a failure of a half-open one opens it anew.
        return Turn.OPENED if record.health(now) is Health.HALF_OPEN else None
    return Turn.CLOSED if record.good_since >= GOOD_TO_CLOSE else None
