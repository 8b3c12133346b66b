"""The one place that reads the clock. Faces and jobs ask it and pass the time on; rules and services never do."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta


@dataclass(slots=True)
class FrozenClock:
    """What `frozen` hands out: set or move the time that everybody in this process sees."""

    at: datetime

    def tick(self, by: timedelta) -> datetime:
        """Move the time on and return it."""
        self.at += by
        return self.at


_frozen: list[FrozenClock] = []


def now() -> datetime:
    """Return the present instant, aware, in UTC."""
    # One read: another thread may thaw the clock between a test for emptiness and the look inside.
    held = _frozen[-1:]
    return held[0].at if held else datetime.now(UTC)


@contextmanager
def frozen(at: datetime) -> Iterator[FrozenClock]:
    """Hold the clock at `at` for every thread of this process, for tests. The innermost of nested ones counts."""
    if at.tzinfo is None:
        raise ValueError("an aware instant is needed")
    clock = FrozenClock(at.astimezone(UTC))
    _frozen.append(clock)
    try:
        yield clock
    finally:
        # By identity: two clocks may show the same time.
        del _frozen[next(i for i, held in enumerate(_frozen) if held is clock)]
