"""Bounds on figures: which days count, when one is crossed, and what may be set (ANA-05)."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.rules.bounds import (
    Bound,
    BoundUnfitError,
    Direction,
    Single,
    check_bound,
    currency_of,
    is_crossed,
    read_limit,
    span_of,
)
from portal.rules.figures import Period
from portal.rules.measures import MEASURES

pytestmark = pytest.mark.req("ANA-05")
TODAY = date(2026, 11, 29)


def bound(measure: str = "sales", direction: Direction = Direction.ABOVE, limit: int = 100, days: int = 1) -> Bound:
    return Bound(measure, direction, limit, days, "KRW")


@given(st.sampled_from(sorted(MEASURES)), st.sampled_from(Direction), st.one_of(st.none(), st.integers()))
def test_what_has_no_value_is_never_crossed(measure: str, direction: Direction, before: int | None) -> None:
    assert is_crossed(bound(measure, direction), None, before) is None


@pytest.mark.parametrize(("now", "above", "below"), [(99, False, True), (100, False, False), (101, True, False)])
def test_the_limit_itself_is_within(now: int, above: bool, below: bool) -> None:
    assert is_crossed(bound(), now, None) is above
    assert is_crossed(bound(direction=Direction.BELOW), now, None) is below


@pytest.mark.parametrize(
    ("now", "before", "crossed"),
    [(120, 100, True), (80, 100, True), (119, 100, False), (5, 0, None), (5, None, None), (0, 100, True)],
)
def test_a_change_counts_either_way_and_nothing_before_says_nothing(
    now: int, before: int | None, crossed: bool | None
) -> None:
    assert is_crossed(bound(direction=Direction.CHANGE, limit=2_000), now, before) is crossed


def test_too_little_is_judged_by_days_that_are_over() -> None:
    assert span_of(bound(), TODAY) == Period(TODAY, TODAY)
    yesterday = date(2026, 11, 28)
    assert span_of(bound(direction=Direction.BELOW), TODAY) == Period(yesterday, yesterday)
    assert span_of(bound(direction=Direction.CHANGE, days=7), TODAY) == Period(date(2026, 11, 22), yesterday)
    assert span_of(bound("success_rate", Direction.BELOW), TODAY) == Period(TODAY, TODAY)
    assert span_of(bound("deposit_owed", Direction.BELOW), TODAY) == Period(TODAY, TODAY)


@pytest.mark.parametrize(
    ("measure", "direction", "typed", "limit"),
    [
        ("sales", Direction.ABOVE, "1,000,000", 1_000_000),
        ("success_rate", Direction.BELOW, "98", 9_800),
        ("success_rate", Direction.BELOW, "97.5%", 9_750),
        ("sales", Direction.CHANGE, "20 %".replace(" ", ""), 2_000),
        ("paid_seconds", Direction.ABOVE, "2.5", 25),
        ("disputes", Direction.ABOVE, "3", 3),
        (Single.COUPON_USE, Direction.ABOVE, "50000", 50_000),
        (Single.MILEAGE_USE, Direction.ABOVE, "10000", 10_000),
    ],
)
def test_a_limit_is_read_in_the_unit_of_its_figure(measure: str, direction: Direction, typed: str, limit: int) -> None:
    assert read_limit(typed, measure=measure, direction=direction, currency="KRW") == limit


@pytest.mark.parametrize("typed", ["", "abc", "NaN", "Infinity", "1e999999", "--1", "12.345.6"])
@pytest.mark.parametrize("measure", ["sales", "success_rate", "disputes"])
def test_what_is_no_number_is_refused(typed: str, measure: str) -> None:
    with pytest.raises(BoundUnfitError):
        check_bound(bound(measure, limit=read_limit(typed, measure=measure, direction=Direction.ABOVE, currency="KRW")))


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        (bound("nothing"), "measure"),
        (bound(limit=-1), "limit"),
        (bound(direction=Direction.BELOW, limit=0), "limit"),
        (bound(days=0), "days"),
        (bound(days=367), "days"),
        (bound(Single.COUPON_USE, Direction.BELOW), "direction"),
    ],
)
def test_a_bound_that_cannot_be_says_which_field(wrong: Bound, field: str) -> None:
    with pytest.raises(BoundUnfitError) as caught:
        check_bound(wrong)
    assert caught.value.field == field


def test_points_are_counted_in_points_whatever_is_chosen() -> None:
    assert (currency_of("mileage_spent", "USD"), currency_of("sales", "USD")) == ("PTS", "USD")
    assert currency_of(Single.MILEAGE_USE, "KRW") == "PTS"
