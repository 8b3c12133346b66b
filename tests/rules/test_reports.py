"""When a report comes, and which days it is about: midnight, weeks, months, and clocks that change (ANA-04)."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.rules.figures import Period
from portal.rules.reports import HOUR, Every, days_of, next_due

pytestmark = pytest.mark.req("ANA-04")
ZONES = ["Asia/Seoul", "America/New_York", "Europe/Berlin", "Pacific/Apia", "UTC"]
INSTANTS = st.integers(1_577_836_800, 2_051_222_400).map(lambda s: datetime.fromtimestamp(s, UTC))


@given(INSTANTS, st.sampled_from(ZONES), st.sampled_from(Every))
def test_it_comes_in_the_morning_and_later_than_the_last(at: datetime, zone: str, every: Every) -> None:
    due = next_due(every, at, ZoneInfo(zone))
    assert due > at
    assert due - at <= timedelta(days=32)
    assert due.astimezone(ZoneInfo(zone)).hour == HOUR
    assert next_due(every, due, ZoneInfo(zone)) > due


@given(INSTANTS, st.sampled_from(ZONES), st.sampled_from(Every))
def test_no_day_is_left_out_and_none_comes_twice(at: datetime, zone_name: str, every: Every) -> None:
    zone = ZoneInfo(zone_name)
    first = next_due(every, at, zone)
    second = next_due(every, first, zone)
    assert days_of(every, second, zone).first == days_of(every, first, zone).last + timedelta(days=1)
    assert days_of(every, second, zone).last == second.astimezone(zone).date() - timedelta(days=1)


@pytest.mark.parametrize(
    ("at", "due"),
    [
        # Clocks go back in the night to 1 November, and forward in that to 8 March.
        ("2026-10-31T12:00:00+00:00", "2026-11-01T11:00:00+00:00"),
        ("2026-03-07T12:00:00+00:00", "2026-03-08T10:00:00+00:00"),
    ],
)
def test_a_morning_is_one_of_the_calendar_when_clocks_change(at: str, due: str) -> None:
    zone = ZoneInfo("America/New_York")
    assert next_due(Every.DAY, datetime.fromisoformat(at), zone) == datetime.fromisoformat(due)


def test_a_month_is_the_whole_month_before() -> None:
    zone = ZoneInfo("Asia/Seoul")
    due = datetime(2028, 2, 29, 21, tzinfo=UTC)
    assert due.astimezone(zone).date() == date(2028, 3, 1)
    assert days_of(Every.MONTH, due, zone) == Period(date(2028, 2, 1), date(2028, 2, 29))
