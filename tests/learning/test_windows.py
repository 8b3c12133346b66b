from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.learning.windows import Floats, Ints, Timeline

EVENTS = st.lists(
    st.tuples(st.integers(-2, 3), st.integers(0, 50), st.sampled_from([0.0, 1.0, 7.5, float("nan")])), max_size=30
)


def arrays(events: list[tuple[int, int, float]]) -> tuple[Ints, Floats, Floats]:
    """Owner, time and value, in the order of time."""
    ordered = sorted(events, key=lambda event: event[1])
    owner, at_s, value = (list(column) for column in zip(*ordered, strict=True)) if ordered else ([], [], [])
    return np.array(owner, dtype=np.int64), np.array(at_s, dtype=np.float64), np.array(value, dtype=np.float64)


def by_hand(
    owner: Ints, at_s: Floats, value: Floats, place: int, *, since: float, until: float, before: int
) -> tuple[int, float]:
    """Count and sum over the owner's known values in (since, until] among the first `before` events."""
    some = [
        value[n]
        for n in range(before)
        if owner[n] == owner[place] and since < at_s[n] <= until and not np.isnan(value[n])
    ]
    return len(some), float(sum(some))


@pytest.mark.req("FRD-10")
@given(EVENTS, st.integers(1, 40), st.integers(0, 20))
def test_windows_hold_what_they_say(events: list[tuple[int, int, float]], length: int, delay: int) -> None:
    owner, at_s, value = arrays(events)
    timeline = Timeline(owner, at_s)
    found = {
        "window": timeline.window(value, length),
        "before": timeline.before(value, length),
        "delayed": timeline.delayed(value, length, delay),
    }
    for place, now in enumerate(at_s):
        wanted = {
            "window": by_hand(owner, at_s, value, place, since=now - length, until=now, before=place + 1),
            "before": by_hand(owner, at_s, value, place, since=now - length, until=now, before=place),
            "delayed": by_hand(owner, at_s, value, place, since=now - delay - length, until=now - delay, before=place),
        }
        for name, (count, total) in wanted.items():
            assert (found[name].count[place], found[name].total[place]) == (count, total), name


def test_an_empty_window_has_no_mean() -> None:
    timeline = Timeline(np.array([1, 1]), np.array([0.0, 100.0]))
    means = timeline.before(np.array([4.0, 8.0]), 50).mean
    assert np.isnan(means).all()
    assert np.isnan(timeline.since_last()[0])
    assert timeline.since_last()[1] == 100
