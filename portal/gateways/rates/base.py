"""The port of exchange rates: a provider gives one whole table, or says why it has none that is fit for use."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Protocol
from zoneinfo import ZoneInfo

from portal.kit.currency import is_currency
from portal.kit.errors import PortalError
from portal.kit.rates import BASE, ReferenceTable
from portal.kit.text import N_

# The central banks agree on the reference rates of a day at about 14:10 in Frankfurt.
AGREED_AT = time(14, 10, tzinfo=ZoneInfo("Europe/Berlin"))
_NUMBER = re.compile(r"-?[0-9]{1,9}(?:\.[0-9]{1,9})?")


class RatesUnfitError(PortalError):
    """A table was delivered that must not be used; `problem` says why in one word."""

    code = "fx_rates_unfit"
    sentence = N_("The exchange rates of %(source)s are not fit for use: %(problem)s.")

    def __init__(self, source: str, problem: str) -> None:
        super().__init__(source=source, problem=problem)
        self.source, self.problem = source, problem


class RatesUnavailableError(PortalError):
    """The provider does not answer, or not with a table."""

    code = "fx_rates_unavailable"
    sentence = N_("%(source)s gives no exchange rates just now.")

    def __init__(self, source: str, problem: str) -> None:
        super().__init__(source=source, problem=problem)
        self.source, self.problem = source, problem


class RateProvider(Protocol):
    """Gives the newest table it has. Raises RatesUnfitError and RatesUnavailableError."""

    source: str

    def table(self, *, now: datetime) -> ReferenceTable: ...


def read_table(source: str, *, day: str, pairs: Iterable[tuple[str, str]], now: datetime) -> ReferenceTable:
    """Make a table of what was written down for a day. One rate that cannot be is the end of all of them.

    Currencies that nobody knows are left out. Raises RatesUnfitError.
    """
    rates: dict[str, Decimal] = {}
    for currency, text in pairs:
        if _NUMBER.fullmatch(text) is None:
            raise RatesUnfitError(source, "not_a_number")
        rate = Decimal(text)
        if rate <= 0:
            raise RatesUnfitError(source, "not_positive")
        if currency in rates or currency == BASE:
            raise RatesUnfitError(source, "told_twice")
        if is_currency(currency):
            rates[currency] = rate
    if not rates:
        raise RatesUnfitError(source, "empty")
    return ReferenceTable(source, _agreed_at(source, day, now), rates)


def _agreed_at(source: str, day: str, now: datetime) -> datetime:
    try:
        agreed_on = date.fromisoformat(day)
    except ValueError:
        raise RatesUnfitError(source, "no_date") from None
    as_of = datetime.combine(agreed_on, AGREED_AT).astimezone(UTC)
    if as_of > now + timedelta(days=1):
        raise RatesUnfitError(source, "of_the_future")
    return as_of
