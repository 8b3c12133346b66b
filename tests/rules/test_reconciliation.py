"""When the night's run is due, and which period a report is asked for."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.rules.reconciliation import FIRST_REPORT, REPORT_LAG, is_due, report_period

pytestmark = pytest.mark.req("BAL-11")

NIGHT = datetime(2026, 11, 27, 18, tzinfo=UTC)
MOMENT = timedelta(microseconds=1)


@pytest.mark.parametrize(
    ("last", "now", "due"),
    [
        (None, NIGHT, True),
        (NIGHT - MOMENT, NIGHT, True),
        (NIGHT - MOMENT, NIGHT - MOMENT, False),
        (NIGHT, NIGHT, False),
        (NIGHT, NIGHT + timedelta(hours=24) - MOMENT, False),
        (NIGHT, NIGHT + timedelta(hours=24), True),
        (NIGHT - timedelta(days=9), NIGHT - MOMENT, True),
    ],
)
def test_a_run_is_due_once_a_night(last: datetime | None, now: datetime, due: bool) -> None:
    assert is_due(last_started_at=last, now=now) is due


@given(st.lists(st.integers(1, 10**9), min_size=1, max_size=9))
def test_periods_follow_one_another_without_gap_or_overlap(steps_us: list[int]) -> None:
    now, last = NIGHT, None
    for step in steps_us:
        now += timedelta(microseconds=step)
        period = report_period(last_to_at=last, now=now)
        assert period is not None
        assert period[0] == (last or now - FIRST_REPORT)
        assert period[1] == now - REPORT_LAG
        last = period[1]
    assert report_period(last_to_at=last, now=now) is None
