"""When a store's period ends (BAL-13)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.rules.payouts import LAG, Period, begin_of, holds_of, last_end, next_end

pytestmark = pytest.mark.req("BAL-13")

START = datetime(2020, 1, 1, tzinfo=UTC)
INSTANTS = st.integers(0, 20 * 365 * 86_400).map(lambda seconds: START + timedelta(seconds=seconds))


@given(INSTANTS, st.sampled_from(Period), st.sampled_from(["Asia/Seoul", "America/New_York", "Africa/Cairo"]))
def test_periods_follow_one_another_without_a_gap(now: datetime, period: Period, zone: str) -> None:
    end = last_end(now, period, zone)
    assert end <= now - LAG < next_end(end, period, zone)
    # Whatever lies in a period ends with it.
    assert next_end(end - timedelta(microseconds=1), period, zone) == end
    assert begin_of(next_end(end, period, zone) - timedelta(microseconds=1), period, zone) == end


def test_days_are_those_of_the_zone() -> None:
    # Monday, 2 November 2026 begins in Seoul at 15:00 of Sunday in UTC.
    monday = datetime(2026, 11, 1, 15, tzinfo=UTC)
    assert last_end(monday + LAG, Period.WEEKLY, "Asia/Seoul") == monday
    assert last_end(monday + LAG - timedelta(seconds=1), Period.WEEKLY, "Asia/Seoul") == monday - timedelta(days=7)
    assert next_end(monday, Period.MONTHLY, "Asia/Seoul") == datetime(2026, 11, 30, 15, tzinfo=UTC)


def test_a_payout_waits_for_the_balance_for_holds_and_for_the_store() -> None:
    assert not holds_of(amount_minor=5, balance_minor=5, has_order_hold=False, store_state="open")
    assert list(holds_of(amount_minor=5, balance_minor=4, has_order_hold=True, store_state="paused")) == [
        "balance",
        "order_hold",
        "store",
    ]
    banks = holds_of(
        amount_minor=5, balance_minor=5, has_order_hold=False, store_state="open", has_bank=False, bank_rests=True
    )
    assert list(banks) == ["no_bank", "new_bank"]
