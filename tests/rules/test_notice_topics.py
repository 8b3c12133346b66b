"""Quiet hours and digests by the reader's own clock (NOT-01)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.rules.notice_topics import (
    DIGEST_HOUR,
    ByMail,
    Choice,
    NoticeWishes,
    Topic,
    next_digest,
    quiet_until,
    read_choices,
    write_choices,
)

SEOUL = "Asia/Seoul"
instants = st.integers(0, 5 * 365 * 24 * 60).map(
    lambda minutes: datetime(2025, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
)
hours = st.integers(0, 23)


@pytest.mark.req("NOT-01")
@given(instants, hours, hours)
def test_a_mail_waits_for_the_end_of_quiet_hours_and_no_longer(at: datetime, first: int, last: int) -> None:
    wishes = NoticeWishes(quiet=(first, last), zone=SEOUL)
    sent = quiet_until(at, wishes)
    assert at <= sent < at + timedelta(days=1)
    assert quiet_until(sent, wishes) == sent
    if sent != at:
        assert sent.astimezone(ZoneInfo(SEOUL)).hour == last


def test_from_evening_to_morning_is_over_midnight() -> None:
    wishes = NoticeWishes(quiet=(22, 7), zone=SEOUL)
    for hour, until in ((21, None), (22, 7), (23, 7), (3, 7), (7, None), (12, None)):
        at = datetime(2026, 3, 2, hour, 30, tzinfo=ZoneInfo(SEOUL))
        sent = quiet_until(at, wishes).astimezone(ZoneInfo(SEOUL))
        assert (sent.hour, sent.minute) == ((until, 0) if until else (hour, 30))
    assert quiet_until(at, NoticeWishes()) == at


@given(instants)
def test_a_digest_comes_each_morning(at: datetime) -> None:
    due = next_digest(at, SEOUL)
    assert at < due <= at + timedelta(days=1)
    assert due.astimezone(ZoneInfo(SEOUL)).hour == DIGEST_HOUR


@given(st.dictionaries(st.sampled_from(Topic), st.builds(Choice, st.booleans(), st.sampled_from(ByMail))))
def test_choices_are_read_as_they_were_written(choices: dict[Topic, Choice]) -> None:
    assert read_choices(write_choices(choices) | {"gone": {"bell": False}}) == choices
