"""When an account is spared, and when it is trusted again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.rules.health import (
    FAILURES_MIN,
    GOOD_TO_CLOSE,
    OPEN_FOR,
    SAMPLES_MIN,
    Health,
    Record,
    Turn,
    turn_of,
)

pytestmark = pytest.mark.req("PAY-06")

NOW = datetime(2026, 11, 27, 12, tzinfo=UTC)
MOMENT = timedelta(microseconds=1)


@pytest.mark.parametrize(
    ("good", "failed", "turn"),
    [(0, 2, None), (0, 3, Turn.OPENED), (5, 3, Turn.OPENED), (6, 3, None), (100, 53, None), (100, 54, Turn.OPENED)],
)
def test_it_opens_at_enough_failures_that_are_a_large_enough_share(good: int, failed: int, turn: Turn | None) -> None:
    assert turn_of(Record(good, failed), failed=True, now=NOW) is turn


def test_it_is_half_open_after_a_while_and_closes_after_some_good_calls() -> None:
    opened = Record(0, 3, opened_at=NOW)
    assert opened.health(NOW + OPEN_FOR - MOMENT) is Health.OPEN
    assert opened.health(NOW + OPEN_FOR) is Health.HALF_OPEN
    later = NOW + OPEN_FOR
    assert turn_of(Record(1, 3, NOW, GOOD_TO_CLOSE - 1), failed=False, now=later) is None
    assert turn_of(Record(1, 3, NOW, GOOD_TO_CLOSE), failed=False, now=later) is Turn.CLOSED
    assert turn_of(Record(1, 4, NOW), failed=True, now=later) is Turn.OPENED
    assert turn_of(Record(1, 4, NOW), failed=True, now=NOW) is None


def test_few_calls_say_nothing() -> None:
    assert Record(0, SAMPLES_MIN - 1).score is None
    assert Record(SAMPLES_MIN, 0).score == 100
    assert Record(SAMPLES_MIN - 1, 1).score == 90


@given(st.integers(0, 10**6), st.integers(0, 10**6), st.booleans())
def test_a_good_call_never_opens_it_and_a_score_is_a_share(good: int, failed: int, is_failure: bool) -> None:
    record = Record(good, failed)
    turn = turn_of(record, failed=is_failure, now=NOW)
    assert turn is None or (is_failure and failed >= FAILURES_MIN)
    assert record.score is None or 0 <= record.score <= 100
