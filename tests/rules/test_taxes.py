"""Which rate goods bear: the nearest section's, else the channel's, and of each the one that began last (ORD-13)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.rules.taxes import BEGINNING, TaxRule, rate_of_percent, taxes_at

pytestmark = pytest.mark.req("ORD-13")

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
rates = st.decimals(0, 1, places=4)
rules = st.lists(
    st.builds(
        lambda rate, hours, section: TaxRule(rate, NOON + hours * HOUR, section, True if section is None else None),
        rates,
        st.integers(-5, 5),
        st.one_of(st.none(), st.integers(1, 3)),
    ),
    unique_by=lambda rule: (rule.section_id, rule.valid_from),
    max_size=8,
)


@given(rules, st.integers(1, 3), st.integers(1, 3))
def test_the_nearest_section_with_a_rate_decides_by_its_latest(made: list[TaxRule], own: int, above: int) -> None:
    begun = [rule for rule in made if rule.valid_from <= NOON]

    def latest(section: int | None) -> Decimal | None:
        fitting = [rule for rule in begun if rule.section_id == section]
        return max(fitting, key=lambda rule: rule.valid_from).rate if fitting else None

    wanted = next(rate for rate in (latest(own), latest(above), latest(None), Decimal(0)) if rate is not None)
    assert taxes_at(made, NOON).rate_of((own, above)) == wanted


@given(rules)
def test_the_order_in_which_rules_are_read_says_nothing(made: list[TaxRule]) -> None:
    turned = list(reversed(made))
    assert taxes_at(made, NOON) == taxes_at(turned, NOON)


def test_a_rate_holds_from_its_moment_on_and_not_before() -> None:
    made = [TaxRule(Decimal("0.1"), BEGINNING, inclusive=True), TaxRule(Decimal("0.2"), NOON, inclusive=False)]
    before, after = taxes_at(made, NOON - timedelta(microseconds=1)), taxes_at(made, NOON)
    assert (before.rate, before.inclusive) == (Decimal("0.1"), True)
    assert (after.rate, after.inclusive) == (Decimal("0.2"), False)


def test_goods_without_a_section_bear_the_rate_of_the_channel() -> None:
    made = [TaxRule(Decimal("0.1"), BEGINNING, inclusive=True), TaxRule(Decimal(0), BEGINNING, 7)]
    taxes = taxes_at(made, NOON)
    assert (taxes.rate_of((None,)), taxes.rate_of((8, 7)), taxes.rate_of((8, None))) == (
        Decimal("0.1"),
        Decimal(0),
        Decimal("0.1"),
    )


@pytest.mark.parametrize(
    ("percent", "rate"),
    [
        ("0", "0"),
        ("100", "1"),
        ("8.8755", "0.088755"),
        ("10.0000000", "0.1"),
        ("-0.0001", None),
        ("100.0001", None),
        ("8.87551", None),
        ("NaN", None),
        ("Infinity", None),
        ("1E+30", None),
    ],
)
def test_a_percentage_is_a_share_within_bounds(percent: str, rate: str | None) -> None:
    assert rate_of_percent(Decimal(percent)) == (None if rate is None else Decimal(rate))
