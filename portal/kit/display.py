"""Amounts, numbers and instants as people of a locale read them: pure, for pages, mails and documents alike.

Rules of writing: minus before the sign; Korean won in Korean as "30,269원", everything else as CLDR says; instants in
24 hours, always with a zone chosen by the caller. Babel is asked once per locale and currency; after that an amount
is plain string work, because a list page shows hundreds of them.
"""

from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from decimal import Context, Decimal
from functools import cache, lru_cache

from babel import Locale
from babel.dates import get_timezone_name
from babel.numbers import format_compact_currency, format_currency, format_percent
from babel.numbers import format_decimal as _format_decimal

from portal.kit.currency import POINTS, exponent


@dataclass(frozen=True, slots=True)
class _Style:
    """How one locale writes one currency: what stands around the digits, and the separators."""

    positive: tuple[str, str]
    negative: tuple[str, str]
    group: str
    decimal: str
    places: int


def format_money(amount_minor: int, currency: str, locale: str) -> str:
    """Write an amount of minor units with its currency sign: "₩30,269", "30,269원", "-$1,234.50".

    Raises UnknownCurrencyError for a code that is neither ISO 4217's nor ours.
    """
    style = _style(currency, locale)
    if style is None:
        return _by_babel(amount_minor, currency, locale)
    before, after = style.positive if amount_minor >= 0 else style.negative
    return f"{before}{_digits(abs(amount_minor), style)}{after}"


def format_money_explicit(amount_minor: int, currency: str, locale: str) -> str:
    """Write an amount with its ISO code added, for pages where currencies meet: "$1,234.50 USD"."""
    written = format_money(amount_minor, currency, locale)
    # A currency without a sign of its own is written with its code already.
    return written if currency in written else f"{written} {currency}"


# Units of a currency: below, an amount in short is no shorter.
SHORT_FROM = 1000


@lru_cache(maxsize=4096)
def format_money_short(amount_minor: int, currency: str, locale: str) -> str:
    """Write an amount in short for tiles: "₩123M", "₩1억"; in full below a thousand units, where nothing is gained.

    The page must give the full figure beside it.
    """
    value = Decimal(amount_minor).scaleb(-exponent(currency))
    if currency == POINTS or abs(value) < SHORT_FROM:
        return format_money(amount_minor, currency, locale)
    text: str = format_compact_currency(value, currency, locale=_locale(locale), fraction_digits=1)
    # The library rounds to a fixed number of decimals; a tile reads better without ".0".
    separator = _symbol(locale, "decimal")
    return text.replace(f"{separator}0", "") if f"{separator}0" in text else text


def format_number(value: int, locale: str) -> str:
    """Write a whole number with the locale's thousands separator."""
    return f"{value:,}".replace(",", _symbol(locale, "group"))


@lru_cache(maxsize=1024)
def format_rate(basis_points: int, locale: str) -> str:
    """Write hundredths of a percent as percent: 1250 is "12.5%"."""
    return format_percent(Decimal(basis_points).scaleb(-4), format="#,##0.##%", locale=_locale(locale))


def format_share(share: Decimal, locale: str) -> str:
    """Write a share as percent, with at most four decimals: 0.08875 is "8.875%"."""
    return format_percent(share, format="#,##0.####%", locale=_locale(locale))


_READ = Context(prec=6)  # What people read of a rate; the row keeps all of it.


@lru_cache(maxsize=256)
def format_decimal(value: Decimal, locale: str) -> str:
    """Write a number with at most six significant digits, and no decimals that say nothing."""
    return format_exactly(_READ.create_decimal(value), locale)


def format_exactly(value: Decimal, locale: str) -> str:
    """Write a number as it is: what was asked for is not rounded."""
    pattern = "#,##0." + "#" * max(12, -int(value.as_tuple().exponent))
    return str(_format_decimal(value, format=pattern, locale=_locale(locale)))


def format_exchange(source: str, target: str, rate: Decimal, locale: str) -> str:
    """Write what one unit buys: "1 USD = 1,377.73 KRW"."""
    return f"1 {source} = {format_decimal(rate, locale)} {target}"


def format_day(on: date, locale: str) -> str:
    """Write a day: "2026.11.21" in Korean, "21 Nov 2026" otherwise."""
    if locale.startswith("ko"):
        return f"{on.year:04d}.{on.month:02d}.{on.day:02d}"
    return f"{on.day} {_months(locale)[on.month]} {on.year}"


def format_weekday(on: date, locale: str) -> str:
    """Write a day near today, as delivery promises do: "Tue 24 Nov", "11월 24일 (화)"."""
    weekday = _weekdays(locale)[on.weekday()]
    if locale.startswith("ko"):
        return f"{on.month}월 {on.day}일 ({weekday})"
    return f"{weekday} {on.day} {_months(locale)[on.month]}"


def format_instant(at: datetime, locale: str, zone: tzinfo, *, with_zone: bool = False) -> str:
    """Write an aware instant in the reader's zone: "2026.11.21 09:05", "21 Nov 2026, 09:05".

    `with_zone` names the zone, for timelines and deadlines. Raises ValueError for a naive datetime.
    """
    if at.tzinfo is None:
        raise ValueError("an aware datetime is needed")
    local = at.astimezone(zone)
    separator = " " if locale.startswith("ko") else ", "
    text = f"{format_day(local, locale)}{separator}{local.hour:02d}:{local.minute:02d}"
    return f"{text} {zone_name(local, locale)}" if with_zone else text


def zone_name(local: datetime, locale: str) -> str:
    """Name the zone of an instant shortly: "KST", "UTC", "GMT+9" where the locale has no name for it."""
    return local.tzname() or str(get_timezone_name(local, width="short", locale=_locale(locale)))


def _digits(minor: int, style: _Style) -> str:
    if not style.places:
        return f"{minor:,}".replace(",", style.group)
    whole, rest = divmod(minor, 10**style.places)
    return f"{whole:,}".replace(",", style.group) + f"{style.decimal}{rest:0{style.places}d}"


@cache
def _style(currency: str, locale: str) -> _Style | None:
    """Return how the locale writes the currency, or None where thousands or digits are not the plain ones."""
    places = exponent(currency)
    group, decimal = _symbol(locale, "group"), _symbol(locale, "decimal")
    suffix = {POINTS: "P" if locale.startswith("ko") else " P"}.get(currency)
    if currency == "KRW" and locale.startswith("ko"):
        suffix = "원"
    if suffix is not None:
        return _Style(("", suffix), ("-", suffix), group, decimal, places)
    if _locale(locale).currency_formats["standard"].grouping != (3, 3):
        return None
    one = "1" if not places else f"1{decimal}{'0' * places}"
    positive = _by_babel(10**places, currency, locale).split(one)
    negative = _by_babel(-(10**places), currency, locale).split(one)
    if len(positive) != 2 or len(negative) != 2:
        return None
    return _Style((positive[0], positive[1]), (negative[0], negative[1]), group, decimal, places)


@lru_cache(maxsize=4096)
def _by_babel(amount_minor: int, currency: str, locale: str) -> str:
    return format_currency(Decimal(amount_minor).scaleb(-exponent(currency)), currency, locale=_locale(locale))


@cache
def _locale(locale: str) -> Locale:
    return Locale.parse(locale, sep="-" if "-" in locale else "_")


@cache
def _symbol(locale: str, name: str) -> str:
    symbols = _locale(locale).number_symbols
    return str(symbols.get(_locale(locale).default_numbering_system, symbols["latn"])[name])


@cache
def _months(locale: str) -> dict[int, str]:
    return dict(_locale(locale).months["format"]["abbreviated"])


@cache
def _weekdays(locale: str) -> dict[int, str]:
    return dict(_locale(locale).days["format"]["abbreviated"])
