"""Cross rates, their age, and what is taken for a mistake (CAT-04)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.kit.money import Money
from portal.rules.fx import FxRate, FxTerms, RateMissingError, Told, cross_rate, exchange, leaps

pytestmark = pytest.mark.req("CAT-04")

NOON = datetime(2026, 11, 26, 12, tzinfo=UTC)
DAY = timedelta(days=1)
TOLD = {
    "USD": Told(Decimal("1.0705"), NOON, "ecb"),
    "KRW": Told(Decimal("1474.86"), NOON - DAY, "ecb"),
    "KWD": Told(Decimal("0.3283"), NOON, "bank"),
}


def test_a_cross_rate_is_the_quotient_to_twelve_digits_and_as_old_as_the_older() -> None:
    rate = cross_rate("USD", "KRW", TOLD)
    assert rate == FxRate("USD", "KRW", Decimal("1377.73003270"), "ecb", NOON - DAY)
    assert exchange(Money(1_000, "USD"), rate).amount == Money(13_777, "KRW")


def test_the_way_back_has_as_many_digits() -> None:
    assert cross_rate("KRW", "USD", TOLD).rate == Decimal("0.000725831604356")


def test_the_euro_itself_needs_one_rate_only() -> None:
    assert cross_rate("EUR", "USD", TOLD).rate == Decimal("1.07050000000")
    assert cross_rate("USD", "EUR", TOLD).rate == Decimal("0.934142923867")


@pytest.mark.parametrize(("source", "target"), [("USD", "GBP"), ("GBP", "USD"), ("USD", "USD"), ("EUR", "EUR")])
def test_there_is_no_rate_of_what_was_not_told(source: str, target: str) -> None:
    told = {currency: one for currency, one in TOLD.items() if currency in {source, target}}
    with pytest.raises(RateMissingError):
        cross_rate(source, target, told)


@pytest.mark.parametrize(
    ("amount", "source", "target", "rate", "expected"),
    [
        (12_345, "KWD", "KRW", "4492.4154736", 55_459),  # 12.345 dinars
        (10_000, "KRW", "KWD", "0.0002225974", 2_226),
        (10_000, "JPY", "USD", "0.0062260091", 6_226),
        (1, "USD", "KRW", "50", 1),  # Half a won and more is a won.
        (1, "USD", "KRW", "49.9", 0),
    ],
)
def test_decimals_of_both_sides_count_and_halves_go_up(
    amount: int, source: str, target: str, rate: str, expected: int
) -> None:
    made = exchange(Money(amount, source), FxRate(source, target, Decimal(rate), "bank", NOON))
    assert made.amount == Money(expected, target)


def test_a_rate_is_too_old_at_its_limit_unless_its_source_is_ageless() -> None:
    rate = cross_rate("USD", "KRW", TOLD)
    terms = FxTerms(age_max=timedelta(days=4))
    assert terms.fits(rate, now=rate.as_of + timedelta(days=4) - timedelta(seconds=1))
    assert not terms.fits(rate, now=rate.as_of + timedelta(days=4))
    assert FxTerms(ageless={"ecb"}).fits(rate, now=rate.as_of + timedelta(days=999))


@given(st.decimals("0.0001", "99999", places=4))
def test_a_fifth_is_no_jump_and_more_is(rate: Decimal) -> None:
    assert not leaps(rate, rate * Decimal("1.2"))
    assert not leaps(rate, rate * Decimal("0.8"))
    assert leaps(rate, rate * Decimal("1.2001"))
    assert leaps(rate, rate * Decimal("0.7999"))
