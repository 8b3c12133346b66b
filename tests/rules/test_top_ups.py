"""The limits of top-ups hold for every amount (BAL-02)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.rules.top_ups import LIMITS, limits_of, refusal_of

pytestmark = pytest.mark.req("BAL-02")
amounts = st.integers(0, 10**13)


@given(amounts, amounts, st.sampled_from(sorted(LIMITS)))
def test_what_passes_stays_within_every_limit(amount: int, today: int, currency: str) -> None:
    limits = LIMITS[currency]
    passes = refusal_of(amount, currency, limits, today_minor=today) is None
    fits = limits.minimum_minor <= amount <= limits.maximum_minor and amount + today <= limits.daily_minor
    assert passes is fits


def test_a_channel_may_have_limits_of_its_own_or_take_none() -> None:
    own = limits_of("KRW", {"top_up": {"maximum_minor": 40_000}})
    assert own is not None
    assert (own.minimum_minor, own.maximum_minor, own.suggested) == (1_000, 40_000, (10_000, 30_000))
    assert limits_of("KRW", {"top_up": {"closed": True}}) is None
    assert limits_of("ZZZ", {}) is None
    refusal = refusal_of(1_000, "KRW", None, today_minor=0)
    assert refusal is not None
    assert refusal.code == "TOP_UP_CLOSED"
