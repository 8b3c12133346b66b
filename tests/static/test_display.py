"""Amounts, numbers and instants as people read them."""

from datetime import UTC, date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from babel.numbers import format_currency, format_decimal
from hypothesis import given
from hypothesis import strategies as st

from portal.kit import display
from portal.kit.currency import exponent

LOCALES = ["en", "en_US", "ko", "ko_KR", "de", "fr", "es", "ja", "hi", "ar"]
CURRENCIES = ["KRW", "USD", "JPY", "EUR", "KWD", "CHF", "GBP"]
SEOUL = ZoneInfo("Asia/Seoul")


@given(
    st.integers(-(10**13), 10**13) | st.sampled_from([0, 1, -1, 99, 100, 999, 1000, -1000, 999_999, 1_234_567_890]),
    st.sampled_from(CURRENCIES),
    st.sampled_from(LOCALES),
)
def test_amounts_read_as_cldr_says(minor: int, currency: str, locale: str) -> None:
    if currency == "KRW" and locale.startswith("ko"):
        return  # The one exception, tested below.
    value = Decimal(minor).scaleb(-exponent(currency))
    assert display.format_money(minor, currency, locale) == format_currency(value, currency, locale=locale)


@given(st.integers(-(10**15), 10**15), st.sampled_from(["en", "ko", "de", "fr"]))
def test_whole_numbers_read_as_cldr_says(value: int, locale: str) -> None:
    assert display.format_number(value, locale) == format_decimal(value, locale=locale)


@pytest.mark.parametrize(
    ("minor", "currency", "locale", "text"),
    [
        (30269, "KRW", "ko", "30,269원"),
        (-3530, "KRW", "ko", "-3,530원"),
        (30269, "KRW", "en", "₩30,269"),
        (-3530, "KRW", "en", "-₩3,530"),
        (123450, "USD", "ko", "US$1,234.50"),
        (5, "USD", "en", "$0.05"),
        (-5, "USD", "en", "-$0.05"),
        (1234, "JPY", "ko", "JP¥1,234"),
        (1_234_567_890, "KRW", "ko", "1,234,567,890원"),
        (2000, "PTS", "ko", "2,000P"),
        (-2000, "PTS", "en", "-2,000 P"),
    ],
)
@pytest.mark.req("PAY-03")
def test_amounts_of_the_design_language(minor: int, currency: str, locale: str, text: str) -> None:
    assert display.format_money(minor, currency, locale) == text


def test_short_amounts_are_for_tiles() -> None:
    assert display.format_money_short(123_000_000, "KRW", "en") == "₩123M"
    assert display.format_money_short(100_000_000, "KRW", "ko") == "₩1억"
    assert display.format_money_short(1_540_000_000, "KRW", "en") == "₩1.5B"


def test_an_amount_below_a_thousand_is_not_cut() -> None:
    assert display.format_money_short(34_290, "BRL", "en") == "R$342.90"
    assert display.format_money_short(-99_999, "USD", "en") == "-$999.99"
    assert display.format_money_short(100_000, "USD", "en") == "$1K"
    assert display.format_money_short(999, "KRW", "ko") == "999원"


def test_mixed_currencies_name_the_code() -> None:
    assert display.format_money_explicit(123450, "USD", "en") == "$1,234.50 USD"


def test_rates_are_read_from_basis_points() -> None:
    assert display.format_rate(1250, "en") == "12.5%"
    assert display.format_rate(1000, "ko") == "10%"


def test_instants_are_shown_in_24_hours_of_the_readers_zone() -> None:
    at = datetime(2026, 11, 20, 15, 4, tzinfo=UTC)
    assert display.format_instant(at, "ko", SEOUL) == "2026.11.21 00:04"
    assert display.format_instant(at, "en", SEOUL) == "21 Nov 2026, 00:04"
    assert display.format_instant(at, "en", SEOUL, with_zone=True) == "21 Nov 2026, 00:04 KST"


def test_a_naive_instant_is_refused() -> None:
    with pytest.raises(ValueError, match="aware"):
        display.format_instant(datetime(2026, 11, 20), "en", UTC)  # noqa: DTZ001 - the point of the test


def test_days_near_today_carry_their_weekday() -> None:
    assert display.format_weekday(date(2026, 11, 24), "en") == "Tue 24 Nov"
    assert display.format_weekday(date(2026, 11, 24), "ko") == "11월 24일 (화)"
