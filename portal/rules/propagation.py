"""When a change is late on other channels, and when that is an incident (CHN-06, CHN-08).

A change must reach open pages everywhere within 2 s for 99 of 100.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Final

TARGET_MS: Final = 2_000
LATE_PER_CENT_MAX: Final = 1
# What is looked at to open an incident, and how long nothing may be late before it is over.
WATCHED: Final = timedelta(minutes=1)
WINDOW: Final = timedelta(minutes=15)


class Cause(StrEnum):
    """What keeps changes, as far as it can be seen from outside."""

    REDIS = "redis"
    RELAY = "relay"
    LOAD = "load"


class Pace(StrEnum):
    """How a channel stands."""

    QUIET = "quiet"
    FINE = "fine"
    LATE = "late"


@dataclass(frozen=True, slots=True)
class Lag:
    """How changes of a channel have come through. Lags in milliseconds; what was not told yet counts up to now."""

    channel_id: int | None
    events: int
    late: int
    untold: int
    p50_ms: int
    p99_ms: int
    worst_ms: int

    @property
    def pace(self) -> Pace:
        if not self.events:
            return Pace.QUIET
        return Pace.LATE if is_missed(self) else Pace.FINE


def is_missed(lag: Lag) -> bool:
    """Whether more were late than may be."""
    return lag.late * 100 > lag.events * LATE_PER_CENT_MAX


def cause_of(lag: Lag, *, redis_answers: bool) -> Cause:
    """What to look at first."""
    if not redis_answers:
        return Cause.REDIS
    return Cause.RELAY if lag.untold else Cause.LOAD


def worst_of(lags: Iterable[Lag]) -> Lag | None:
    """Several channels as one: how many together, and of each lag the worst; None where nothing has changed."""
    every = list(lags)
    if not every:
        return None
    return Lag(
        None,
        sum(one.events for one in every),
        sum(one.late for one in every),
        sum(one.untold for one in every),
        max(one.p50_ms for one in every),
        max(one.p99_ms for one in every),
        max(one.worst_ms for one in every),
    )
