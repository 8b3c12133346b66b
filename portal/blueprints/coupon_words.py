"""Coupons in the reader's words: what a campaign promises, and what the parts of refusals are called."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import time, timedelta
from decimal import Decimal

from babel import Locale
from babel.dates import format_skeleton
from flask_babel import get_locale, gettext
from flask_babel import gettext as _

from portal import formatting
from portal.blueprints.desk import zone_of_reader
from portal.blueprints.thing_words import list_of, words_of
from portal.kit.errors import fill
from portal.queries.coupon_names import Names
from portal.rules.coupons.words import Amounts, Days, Named, Period, Phrase

WEEKDAYS, WEEKEND = frozenset(range(5)), frozenset({5, 6})


def days_of(days: Days) -> str:
    """Days of the week: weekdays, weekends, or by name."""
    if days.days == WEEKDAYS:
        return str(_("weekdays"))
    if days.days == WEEKEND:
        return str(_("weekends"))
    locale = get_locale() or Locale("en")
    return list_of([locale.days["format"]["wide"][day] for day in sorted(days.days)], any_of=False)


def amounts_of(amounts: Mapping[str, int]) -> str:
    """One amount per currency: "20,000 won or $15.00"."""
    return list_of([formatting.money(minor, currency) for currency, minor in sorted(amounts.items())])


def percent_of(percent: Decimal) -> str:
    """10 is "10%", 12.5 is "12.5%"."""
    return f"{percent.normalize():f}%"


def period_of(period: Period) -> str:
    """The days on which something is valid, by the reader's clock: a whole month by its name."""
    zone = zone_of_reader()
    first = period.starts_at.astimezone(zone)
    if period.ends_at is None:
        return str(_("from %(first)s on", first=formatting.day(first)))
    # What ends at midnight has the day before as its last one.
    last = (period.ends_at - timedelta(microseconds=1)).astimezone(zone)
    after = period.ends_at.astimezone(zone)
    months = (after.year - first.year) * 12 + after.month - first.month
    if months == 1 and (first.day, after.day) == (1, 1) and first.time() == after.time() == time():
        return str(_("in %(month)s", month=format_skeleton("yMMMM", first, locale=get_locale() or "en")))
    return str(_("from %(first)s to %(last)s", first=formatting.day(first), last=formatting.day(last)))


def sentence_of(phrases: Sequence[Phrase], names: Names | None = None) -> str:
    """The parts of a coupon as one sentence."""
    said = ", ".join(say_phrase(phrase, names) for phrase in phrases)
    return said[:1].upper() + said[1:]


def things_in(phrases: Sequence[Phrase]) -> list[Named]:
    """What has to be named before the phrases can be said."""
    return [value for phrase in phrases for value in phrase.params.values() if isinstance(value, Named)]


def say_phrase(phrase: Phrase, names: Names | None = None) -> str:
    """A part of the sentence of a coupon."""
    params = {key: write(value, names) for key, value in phrase.params.items()}
    # What is nothing but a parameter has no sentence of its own.
    return str(params["period"]) if phrase.sentence == "%(period)s" else fill(gettext(phrase.sentence), params)


def write(value: object, names: Names | None = None) -> object:
    """A parameter of a phrase or a refusal as text; what is text already stays."""
    if isinstance(value, Named):
        return words_of(value, names)
    if isinstance(value, Amounts):
        return amounts_of(value.minor)
    if isinstance(value, Days):
        return days_of(value)
    if isinstance(value, Period):
        return period_of(value)
    if isinstance(value, Decimal):
        return percent_of(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return formatting.number(value)
    return value
