"""Filters and small helpers of the templates, each in the reader's language and zone.

Filters: `money`, `money_explicit`, `money_short`, `number`, `rate`, `percent`, `decimal`, `exchange_rate`,
`rate_source`, `day`, `weekday`, `instant`, `instant_zone`, `iso`, `initials`, `figure`.
Globals: `here(**changes)`, `status_of(state, kind)`, `figure_change`.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, tzinfo
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from flask import Flask, g, has_request_context, request
from flask_babel import force_locale, get_locale, get_timezone, gettext

from portal.kit import display
from portal.kit.rates import SOURCES
from portal.rules.figure_words import change_text, figure_text
from portal.rules.figures import Measure
from portal.rules.fx import FxRate
from portal.statuses import status_of


def init_formatting(app: Flask) -> None:
    """Register the filters and globals that pages and macros are written with."""
    app.jinja_env.filters.update(
        money=money,
        money_explicit=money_explicit,
        money_short=money_short,
        number=number,
        rate=rate,
        percent=percent,
        decimal=decimal,
        exchange_rate=exchange_rate,
        rate_source=rate_source,
        said=said,
        day=day,
        weekday=weekday,
        instant=instant,
        instant_zone=instant_zone,
        instant_in=instant_in,
        iso=iso,
        initials=initials,
        figure=figure,
    )
    app.jinja_env.globals.update(here=here, status_of=status_of, figure_change=figure_change)


def money(amount_minor: int, currency: str) -> str:
    """Write minor units of a currency: `{{ 30269|money("KRW") }}`."""
    return display.format_money(amount_minor, currency, _locale())


def money_explicit(amount_minor: int, currency: str) -> str:
    """Write an amount with its ISO code, where currencies meet on one page."""
    return display.format_money_explicit(amount_minor, currency, _locale())


def money_short(amount_minor: int, currency: str) -> str:
    """Write an amount in short, for tiles only; the full figure stands beside it."""
    return display.format_money_short(amount_minor, currency, _locale())


def number(value: int) -> str:
    """Write a whole number with separators."""
    return display.format_number(value, _locale())


def rate(basis_points: int) -> str:
    """Write basis points as percent: 1250 is "12.5%"."""
    return display.format_rate(basis_points, _locale())


def percent(share: Decimal) -> str:
    """Write a share as percent: 0.08875 is "8.875%"."""
    return display.format_share(share, _locale())


def decimal(value: Decimal) -> str:
    """Write a number with decimals, rounded to what people read."""
    return display.format_decimal(value, _locale())


def exactly(value: Decimal) -> str:
    """Write a number with all its decimals, as a rule names it."""
    return display.format_exactly(value, _locale())


def exchange_rate(fx: FxRate) -> str:
    """Write a rate as what one unit buys: "1 USD = 1,377.73 KRW"."""
    return display.format_exchange(fx.source, fx.target, fx.rate, _locale())


def rate_source(code: str) -> str:
    """Name who told a rate."""
    return str(gettext(SOURCES[code])) if code in SOURCES else code


def said(sentence: str) -> str:
    """Say in the reader's language what is marked for translation where it is defined, such as a figure's title."""
    return str(gettext(sentence))


def day(value: date | datetime) -> str:
    """Write a day; an instant is first taken to the reader's zone."""
    return display.format_day(_local_day(value), _locale())


def weekday(value: date | datetime) -> str:
    """Write a day near today with its weekday, for delivery promises and deadlines."""
    return display.format_weekday(_local_day(value), _locale())


def instant(at: datetime) -> str:
    """Write an instant in the reader's zone, without naming it."""
    return display.format_instant(at, _locale(), get_timezone() or UTC)


def instant_in(at: datetime, zone: tzinfo) -> str:
    """Write an instant by another clock than the reader's, with its zone."""
    return display.format_instant(at, _locale(), zone, with_zone=True)


def instant_zone(at: datetime) -> str:
    """Write an instant with its zone, for timelines and deadlines."""
    return display.format_instant(at, _locale(), get_timezone() or UTC, with_zone=True)


def iso(value: date | datetime) -> str:
    """Write a value for the `datetime` attribute."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    return value.isoformat()


def initials(name: str | None) -> str:
    """Take what fits a round badge: two Latin initials, or the last two syllables of a Korean name."""
    words = (name or "").split()
    if not words:
        return "·"
    if not words[-1].isascii():
        return words[-1][-2:]
    return "".join(word[0] for word in (words[0], words[-1])[: len(words)]).upper()


def figure(value: int | None, measure: Measure, currency: str) -> str:
    """Write a figure in full, with its unit."""
    return figure_text(measure, value, currency, _locale(), gettext)


def figure_change(measure: Measure, now: int | None, before: int | None, currency: str) -> str | None:
    """Write by how much a figure has changed, and whether that is better."""
    return change_text(measure, now, before, currency, _locale(), gettext)


def here(**changes: Any) -> str:
    """Return the address of this page with some of its arguments changed; None takes an argument away.

    Sort links, filter chips, pager and language switch are made with it, so that the state of a list is its address.
    """
    arguments = {key: values for key, values in request.args.lists() if key not in changes}
    arguments.update({key: [str(value)] for key, value in changes.items() if value is not None})
    query = urlencode(arguments, doseq=True)
    path = f"{request.script_root}{request.path}"
    return f"{path}?{query}" if query else path


def _local_day(value: date | datetime) -> date:
    return value.astimezone(get_timezone() or UTC).date() if isinstance(value, datetime) else value


@contextmanager
def in_locale(locale: str) -> Iterator[None]:
    """Write in another language than the reader's for a while: a preview for those who read the other one."""
    kept = {name: g.pop(name, None) for name in ("formatting_locale", "locale")}
    try:
        with force_locale(locale):
            g.locale = locale
            yield
    finally:
        for name, value in kept.items():
            g.pop(name, None)
            if value is not None:
                setattr(g, name, value)


def _locale() -> str:
    """Return the reader's locale, worked out once per request: a list page asks for it hundreds of times."""
    if not has_request_context():
        return str(get_locale() or "en")
    here = g._get_current_object()  # noqa: SLF001  # Werkzeug's public name: one way through its proxy.
    found: str | None = getattr(here, "formatting_locale", None)
    if found is None:
        found = here.formatting_locale = str(get_locale() or "en")
    return found
