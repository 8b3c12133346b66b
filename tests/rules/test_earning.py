"""What purchases earn: the stated order of rules, caps, and what was really paid (BAL-04)."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.rules.earning import (
    Earner,
    EarnLine,
    EarnRule,
    EarnTerms,
    Known,
    Overlap,
    earn,
    from_json,
    overlaps,
    rate_of,
    terms_faults,
    to_json,
)
from tests.rules.carts import NOON

pytestmark = pytest.mark.req("BAL-04")

DAY = timedelta(days=1)
BUYER = Earner(now=NOON, channel_id=1, base_rate=Fraction(1, 100))
LINE = EarnLine(product_id=7, store_id=3, section_ids=(21, 20, 2), paid_minor=10_000)


def rate(percent: str, **more: object) -> EarnRule:
    return EarnRule("rate", percent=Decimal(percent), **more)  # type: ignore[arg-type]  # Fields of a rule.


def times(multiplier: str, **more: object) -> EarnRule:
    return EarnRule("times", multiplier=Decimal(multiplier), **more)  # type: ignore[arg-type]  # Fields of a rule.


def ids(*numbers: int) -> frozenset[int]:
    return frozenset(numbers)


@pytest.mark.parametrize(
    ("rules", "points", "decided"),
    [
        ((), 100, (None, None)),
        ((rate("2"),), 200, (1, None)),
        ((rate("2"), rate("3")), 200, (1, None)),
        ((rate("2"), rate("3", store_ids=ids(3))), 300, (2, None)),
        ((rate("3", store_ids=ids(3)), rate("4", section_ids=ids(2))), 400, (2, None)),
        ((rate("4", section_ids=ids(2)), rate("5", section_ids=ids(20))), 500, (2, None)),
        ((rate("5", section_ids=ids(20)), rate("0", product_ids=ids(7))), 0, (2, None)),
        ((rate("9", product_ids=ids(8)),), 100, (None, None)),
        ((rate("9", product_ids=ids(7), channel_ids=ids(2)),), 100, (None, None)),
        ((rate("9", tiers=frozenset({"gold"})),), 100, (None, None)),
        ((times("2"),), 200, (None, 1)),
        ((times("2"), times("3"), times("2.5")), 300, (None, 2)),
        ((rate("2"), times("2")), 400, (1, 2)),
        ((times("2", ends_at=NOON),), 100, (None, None)),
        ((times("2", starts_at=NOON),), 200, (None, 1)),
        ((times("2", starts_at=NOON + DAY),), 100, (None, None)),
    ],
)
def test_the_nearest_rate_and_the_highest_multiplier_count(
    rules: tuple[EarnRule, ...], points: int, decided: tuple[int | None, int | None]
) -> None:
    made = earn(EarnTerms(1, rules), [LINE], BUYER)
    assert made.points == (points,)
    assert (made.rate_rules[0], made.multiplier_rules[0]) == decided


def test_the_tier_comes_on_top_and_a_point_may_be_worth_less() -> None:
    gold = replace(BUYER, tier="gold", tier_multiplier=Decimal("1.5"))
    assert earn(EarnTerms(1, (times("2"),)), [LINE], gold).points == (300,)
    assert earn(EarnTerms(1, (rate("9", tiers=frozenset({"gold"})),)), [LINE], gold).points == (1_350,)
    tenth = replace(BUYER, base_rate=Fraction(1, 10), point_value=Fraction(1, 10))
    assert (
        earn(EarnTerms(1), [LINE], tenth).points == earn(EarnTerms(1, (rate("1"),)), [LINE], tenth).points == (1_000,)
    )


def test_a_rule_for_segments_counts_for_whoever_is_in_one_of_them() -> None:
    terms = EarnTerms(1, (times("3", segments=frozenset({"lately", "spenders"})),))
    inside, outside = (replace(BUYER, segments=frozenset({key})) for key in ("spenders", "asleep"))
    assert [rate_of(terms, LINE, buyer)[2] for buyer in (inside, outside, BUYER)] == [1, None, None]
    assert from_json(1, to_json(terms)) == terms


def test_tax_and_points_earn_nothing() -> None:
    line = replace(LINE, paid_minor=5_500, tax_minor=1_000, to_pay_minor=11_000)
    assert earn(EarnTerms(), [line], BUYER).points == (50,)


@pytest.mark.parametrize(
    ("order_cap", "month_cap", "before", "points", "cap"),
    [
        (None, None, 0, (100, 50), None),
        (150, None, 0, (100, 50), None),
        (149, None, 0, (99, 50), "order"),
        (None, 1_150, 1_000, (100, 50), None),
        (None, 1_149, 1_000, (99, 50), "month"),
        (90, 1_060, 1_000, (40, 20), "month"),
        (None, 1_000, 1_200, (0, 0), "month"),
    ],
)
def test_caps_lower_the_whole_in_proportion(
    order_cap: int | None, month_cap: int | None, before: int, points: tuple[int, ...], cap: str | None
) -> None:
    lines = [LINE, replace(LINE, paid_minor=5_000)]
    buyer = replace(BUYER, earned_this_month=before)
    made = earn(EarnTerms(order_cap=order_cap, month_cap=month_cap), lines, buyer)
    assert (made.points, made.cap) == (points, cap)


_RULES = st.builds(
    EarnRule,
    name=st.just("x"),
    percent=st.decimals(0, 100, places=2),
    product_ids=st.frozensets(st.integers(6, 8), max_size=2),
    store_ids=st.frozensets(st.integers(2, 4), max_size=2),
    section_ids=st.frozensets(st.sampled_from([2, 20, 21, 22]), max_size=2),
    tiers=st.frozensets(st.sampled_from(["gold"]), max_size=1),
)


@given(
    st.lists(_RULES, max_size=4).map(tuple),
    st.lists(st.integers(0, 10**9), min_size=1, max_size=5),
    st.integers(1, 5_000),
)
def test_points_are_whole_never_below_zero_and_within_the_cap(
    rules: tuple[EarnRule, ...], amounts: list[int], cap: int
) -> None:
    lines = [replace(LINE, paid_minor=amount) for amount in amounts]
    free = earn(EarnTerms(1, rules), lines, BUYER)
    capped = earn(EarnTerms(1, rules, order_cap=cap), lines, BUYER)
    assert capped.total == min(free.total, cap)
    assert all(0 <= one <= most for one, most in zip(capped.points, free.points, strict=True))


@given(st.lists(_RULES, max_size=3).map(tuple))
def test_a_version_survives_its_storage(rules: tuple[EarnRule, ...]) -> None:
    terms = EarnTerms(4, (*rules, times("2", starts_at=NOON, ends_at=NOON + DAY)), order_cap=5, sign_up_points=100)
    assert from_json(4, to_json(terms)) == terms


@pytest.mark.parametrize(
    ("one", "other", "meet"),
    [
        (rate("1"), rate("2"), True),
        (rate("1"), rate("2", store_ids=ids(3)), False),
        (rate("1", store_ids=ids(3)), rate("2", store_ids=ids(4)), False),
        (rate("1", store_ids=ids(3, 4)), rate("2", store_ids=ids(4)), True),
        (rate("1", channel_ids=ids(1)), rate("2", channel_ids=ids(2)), False),
        (rate("1"), times("2"), False),
        (times("3", product_ids=ids(7)), times("2", store_ids=ids(3)), True),
        (times("3", ends_at=NOON), times("2", starts_at=NOON), False),
        (times("3", ends_at=NOON + DAY), times("2", starts_at=NOON), True),
    ],
)
def test_rules_that_meet_are_warned_of(one: EarnRule, other: EarnRule, meet: bool) -> None:
    assert overlaps([one, other]) == ([Overlap(1, 2, one.is_rate)] if meet else [])


def test_what_is_wrong_is_said_by_its_field() -> None:
    known = Known(product_ids={7}, section_ids={2}, store_ids={3}, channel_ids={1}, tiers={"gold"}, segments={"lately"})
    sound = EarnTerms(1, (rate("0"), rate("100"), times("10", product_ids=ids(7), tiers=frozenset({"gold"}))))
    assert terms_faults(EarnTerms(1, (times("2", segments=frozenset({"lately"})),)), known) == {}
    assert terms_faults(sound, known) == {}
    wrong = [
        (EarnTerms(rules=(replace(rate("1"), name=" "),)), (1, "name")),
        (EarnTerms(rules=(replace(rate("1"), name="x" * 61),)), (1, "name")),
        (EarnTerms(rules=(EarnRule("x"),)), (1, "amount")),
        (EarnTerms(rules=(replace(rate("1"), multiplier=Decimal(2)),)), (1, "amount")),
        (EarnTerms(rules=(rate("-0.01"),)), (1, "amount")),
        (EarnTerms(rules=(rate("100.01"),)), (1, "amount")),
        (EarnTerms(rules=(rate("NaN"),)), (1, "amount")),
        (EarnTerms(rules=(times("0"),)), (1, "amount")),
        (EarnTerms(rules=(rate("1"), times("10.01"))), (2, "amount")),
        (EarnTerms(rules=(rate("1", product_ids=ids(8)),)), (1, "products")),
        (EarnTerms(rules=(rate("1", tiers=frozenset({"lead"})),)), (1, "tiers")),
        (EarnTerms(rules=(rate("1", segments=frozenset({"gone"})),)), (1, "segments")),
        (EarnTerms(rules=(rate("1", starts_at=NOON, ends_at=NOON),)), (1, "period")),
        (EarnTerms(order_cap=0), (0, "order_cap")),
        (EarnTerms(month_cap=1_000_001), (0, "month_cap")),
        (EarnTerms(sign_up_points=-1), (0, "sign_up_points")),
        (EarnTerms(life_days=0), (0, "life_days")),
        (EarnTerms(rules=(rate("1"),) * 51), (51, "name")),
    ]
    for terms, place in wrong:
        assert list(terms_faults(terms, known)) == [place]
