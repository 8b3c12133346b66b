"""Amounts: exact, of one currency, and never a float."""

from decimal import Decimal
from fractions import Fraction

import pytest

from portal.kit.currency import UnknownCurrencyError, exponent, is_currency
from portal.kit.money import (
    AmountInvalidError,
    CurrencyMismatchError,
    Money,
    TooManyDecimalsError,
    allocate,
    convert,
    parse_minor,
    round_half_up,
)


@pytest.mark.parametrize(
    ("weights", "total", "parts"),
    [
        ([100, 100, 100], 100, [34, 33, 33]),
        ([0, 500, 500], 1, [0, 1, 0]),
        ([0, 500, 500, 500], 100, [0, 34, 33, 33]),
        ([999, 1], 500, [500, 0]),
        ([333, 333, 334], 100, [33, 33, 34]),
        ([1] * 7, 3, [1, 1, 1, 0, 0, 0, 0]),
        ([1] * 6, 9, [2, 2, 2, 1, 1, 1]),
        ([19_999, 4_999, 1], 5_000, [4_000, 1_000, 0]),
        ([3, 3], 0, [0, 0]),
        ([0, 0], 0, [0, 0]),
        ([], 0, []),
        ([100, 100, 100], -100, [-34, -33, -33]),
    ],
)
def test_it_allocates_by_the_largest_remainder(weights: list[int], total: int, parts: list[int]) -> None:
    assert allocate(total, weights) == parts


@pytest.mark.parametrize(("total", "weights"), [(1, [0, 0]), (1, []), (5, [3, -1])])
def test_it_refuses_to_allocate_to_nobody_or_against_somebody(total: int, weights: list[int]) -> None:
    with pytest.raises(ValueError):
        allocate(total, weights)


@pytest.mark.parametrize("wrong", [1.0, True, Decimal(1), "1", None])
def test_only_whole_numbers_are_minor_units(wrong: object) -> None:
    with pytest.raises(TypeError):
        Money(wrong, "KRW")  # type: ignore[arg-type]  # The wrong type is the point.
    with pytest.raises(TypeError):
        Money(1, "KRW") * wrong  # type: ignore[operator]  # The wrong type is the point.
    with pytest.raises(TypeError):
        allocate(wrong, [1])  # type: ignore[arg-type]  # The wrong type is the point.
    with pytest.raises(TypeError):
        allocate(1, [wrong])  # type: ignore[list-item]  # The wrong type is the point.


@pytest.mark.parametrize("wrong", [1.5, True, "1"])
def test_only_exact_numbers_are_rounded(wrong: object) -> None:
    with pytest.raises(TypeError):
        round_half_up(wrong)  # type: ignore[arg-type]  # The wrong type is the point.


@pytest.mark.parametrize(
    ("value", "rounded"),
    [("0.4999", 0), ("0.5", 1), ("1.5", 2), ("2.5", 3), ("-0.5", 0), ("-0.51", -1), ("-1.5", -1), ("3529.9", 3_530)],
)
def test_half_rounds_up(value: str, rounded: int) -> None:
    assert round_half_up(Decimal(value)) == rounded
    assert round_half_up(Fraction(value)) == rounded


def test_currencies_do_not_mix() -> None:
    won, cents = Money(5, "KRW"), Money(5, "USD")
    with pytest.raises(CurrencyMismatchError):
        won + cents
    with pytest.raises(CurrencyMismatchError):
        won - cents
    with pytest.raises(CurrencyMismatchError):
        assert won < cents
    with pytest.raises(CurrencyMismatchError):
        assert won >= cents
    assert won != cents


def test_money_counts() -> None:
    assert Money(5, "USD") + Money(7, "USD") == Money(12, "USD")
    assert -(Money(5, "USD") - Money(7, "USD")) == Money(2, "USD")
    assert 3 * Money(5, "USD") == Money(15, "USD")
    assert Money(4, "USD") < Money(5, "USD") <= Money(5, "USD")
    assert not Money(0, "USD")
    assert Money(100, "USD").allocate([1, 1, 1]) == [Money(34, "USD"), Money(33, "USD"), Money(33, "USD")]


def test_shares_of_opposite_amounts_are_opposite() -> None:
    assert Money(50, "USD").share(basis_points=290) == Money(1, "USD")
    assert Money(51, "USD").share(basis_points=290) == Money(1, "USD")
    assert Money(52, "USD").share(basis_points=290) == Money(2, "USD")
    assert Money(-50, "USD").share(basis_points=100) == Money(-1, "USD")
    assert Money(20, "USD").percent(Decimal("12.5")) == Money(3, "USD")
    assert Money(-20, "USD").percent(Decimal("12.5")) == Money(-3, "USD")


@pytest.mark.parametrize(
    ("minor", "text"), [(5_000, "KRW 5000"), (1_234, "USD 12.34"), (-5, "USD -0.05"), (1, "KWD 0.001"), (9, "PTS 9")]
)
def test_money_has_a_plain_form(minor: int, text: str) -> None:
    assert str(Money(minor, text[:3])) == text


@pytest.mark.parametrize(("code", "places"), [("KRW", 0), ("JPY", 0), ("USD", 2), ("EUR", 2), ("KWD", 3), ("PTS", 0)])
def test_decimals_come_from_the_currency(code: str, places: int) -> None:
    assert exponent(code) == places


@pytest.mark.parametrize("code", ["krw", "", "ZZZ", "US", "DEFAULT"])
def test_an_unknown_currency_is_refused(code: str) -> None:
    assert not is_currency(code)
    with pytest.raises(UnknownCurrencyError):
        Money(1, code)


@pytest.mark.parametrize(
    ("text", "currency", "minor"),
    [
        ("5,000", "KRW", 5_000),
        (" 5000 ", "KRW", 5_000),
        ("５，０００", "KRW", 5_000),
        ("12.34", "USD", 1_234),
        ("12.3", "USD", 1_230),
        ("１２．３４", "USD", 1_234),
        ("12", "USD", 1_200),
        ("1,234,567.89", "USD", 123_456_789),
        ("0.001", "KWD", 1),
        ("0", "KRW", 0),
    ],
)
def test_it_reads_what_people_type(text: str, currency: str, minor: int) -> None:
    assert parse_minor(text, currency) == minor


@pytest.mark.parametrize(
    "text",
    [
        *("", " ", "abc", "-5", "+5", "1e3", "NaN", "Infinity", "5,00", "50,00", "1,2345", ",500", "5,", "1.", ".5"),
        *("1 000", "5_000", "0x10", "५", "5²", "$5", "1.2.3", "9" * 17, "9007199254740993", "5\n0"),
    ],
)
def test_it_guesses_nothing(text: str) -> None:
    with pytest.raises(AmountInvalidError):
        parse_minor(text, "KRW")


def test_it_rounds_no_decimals_away() -> None:
    assert parse_minor("1.234", "KWD") == 1_234
    with pytest.raises(TooManyDecimalsError):
        parse_minor("1.234", "USD")
    with pytest.raises(TooManyDecimalsError):
        parse_minor("1.0", "KRW")


@pytest.mark.parametrize(
    ("minor", "rate", "source", "target", "converted"),
    [
        (100_00, "1350.5", "USD", "KRW", 135_050),
        (1, "1350.5", "USD", "KRW", 14),
        (1_000, "0.00074", "KRW", "USD", 74),
        (675, "0.00074", "KRW", "USD", 50),
        (1_000, "3.25", "KWD", "USD", 325),
        (100, "0.3", "USD", "KWD", 300),
    ],
)
def test_it_converts_by_the_decimals_of_both(minor: int, rate: str, source: str, target: str, converted: int) -> None:
    assert convert(minor, rate=Decimal(rate), source=source, target=target) == converted


def test_a_rate_is_exact_and_above_zero() -> None:
    with pytest.raises(ValueError):
        convert(1, rate=Decimal(0), source="USD", target="KRW")
    with pytest.raises(TypeError):
        convert(1, rate=1.5, source="USD", target="KRW")  # type: ignore[arg-type]  # The wrong type is the point.
