"""When lateness is an incident, and what is named as its cause (CHN-06, CHN-08)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.rules.propagation import Cause, Lag, Pace, cause_of, is_missed

pytestmark = pytest.mark.req("CHN-06", "CHN-08")


def lag(events: int, late: int, untold: int = 0) -> Lag:
    return Lag(1, events, late, untold, 10, 20, 30)


@given(st.integers(0, 10_000), st.integers(0, 10_000))
def test_at_most_one_in_a_hundred_may_be_late(events: int, late: int) -> None:
    assert is_missed(lag(events, late)) is (late > events / 100)


def test_a_channel_without_changes_is_quiet_and_not_well() -> None:
    assert [lag(*one).pace for one in ((0, 0), (500, 1), (500, 5), (500, 6), (1, 1))] == [
        Pace.QUIET,
        Pace.FINE,
        Pace.FINE,
        Pace.LATE,
        Pace.LATE,
    ]


def test_the_cause_is_what_is_seen_to_be_still() -> None:
    assert cause_of(lag(9, 9, 9), redis_answers=False) is Cause.REDIS
    assert cause_of(lag(9, 9, 1), redis_answers=True) is Cause.RELAY
    assert cause_of(lag(9, 9, 0), redis_answers=True) is Cause.LOAD
