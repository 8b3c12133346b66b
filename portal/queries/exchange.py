"""Rates of exchange: of a pair at a moment, and of a channel's currency against that of the platform's books."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from portal.kit.money import Money
from portal.kit.rates import BASE, BUNDLED
from portal.queries.channels import ChannelView, channel_directory
from portal.rules.fx import AGE_MAX_DAYS, LOCKED_FOR, Exchanged, FxRate, FxTerms, RateMissingError, Told, cross_rate


class _Platform:
    """What this process was told at its start."""

    def __init__(self) -> None:
        self.currency = ""
        self.ageless: Collection[str] = ()


_platform = _Platform()


def use_platform(*, currency: str, ageless: Collection[str] = ()) -> None:
    """Set the currency of the books, and the sources of rates whose age does not count (none in production).

    An empty currency is that of the oldest channel.
    """
    _platform.currency, _platform.ageless = currency, ageless


def platform_currency(session: Session) -> str:
    """The currency in which the platform keeps its books: the one that was set, else that of the oldest channel."""
    if _platform.currency:
        return _platform.currency
    directory = channel_directory(session)
    return directory[directory.default].currency if directory.channels else BASE


def fx_terms(channel: ChannelView) -> FxTerms:
    """What the channel may be sold with: its policy's `fx.age_max_days`, else the default."""
    days = int(channel.policy.get("fx", {}).get("age_max_days", AGE_MAX_DAYS))
    return FxTerms(timedelta(days=days), _platform.ageless)


_TOLD = text(
    """
    SELECT DISTINCT ON (quote) quote, rate, as_of, source
      FROM fx_rate
     WHERE base = :base AND quote = ANY(:currencies) AND as_of <= :at AND fetched_at <= :known_at
     ORDER BY quote, as_of DESC, id DESC
    """
)
_FETCHED = text(
    """
    SELECT DISTINCT fetched_at
      FROM fx_rate
     WHERE base = :base AND quote = ANY(:currencies) AND fetched_at > :since AND fetched_at <= :now
     ORDER BY fetched_at DESC
     LIMIT 3
    """
)


def rate_at(session: Session, *, source: str, target: str, at: datetime, known_at: datetime | None = None) -> FxRate:
    """The rate of a pair at a moment, from what was known at `known_at` (else at that moment, too).

    The newest told before it counts, whoever told it. Raises RateMissingError.
    """
    values = {"base": BASE, "currencies": [source, target], "at": at, "known_at": known_at or at}
    told = {row.quote: Told(row.rate, row.as_of, row.source) for row in session.execute(_TOLD, values)}
    return cross_rate(source, target, told)


def rate_of_channel(session: Session, *, channel: ChannelView, now: datetime) -> FxRate | None:
    """The rate from a channel's currency to the platform's; None where it is the same or may not be sold with."""
    target = platform_currency(session)
    if channel.currency == target:
        return None
    try:
        rate = rate_at(session, source=channel.currency, target=target, at=now)
    except RateMissingError:
        return None
    return rate if fx_terms(channel).fits(rate, now=now) else None


def exchange_kept(row: Any) -> Exchanged | None:
    """The platform's side of an order or payment as it was frozen; None where there is none."""
    if row.platform_currency is None:
        return None
    rate = FxRate(row.currency, row.platform_currency, row.fx_rate, row.fx_source, row.fx_as_of)
    return Exchanged(Money(row.platform_minor, row.platform_currency), rate)


@dataclass(frozen=True, slots=True)
class ShownRates:
    """The rate of now, and those which a page may still show that was asked for a moment ago."""

    now: FxRate
    locked: tuple[FxRate, ...] = ()


def shown_rates(session: Session, *, source: str, target: str, now: datetime) -> ShownRates:
    """The rate of a pair, with those that a newer one has replaced within LOCKED_FOR. Raises RateMissingError."""
    current = rate_at(session, source=source, target=target, at=now)
    values = {"base": BASE, "currencies": [source, target], "since": now - LOCKED_FOR, "now": now}
    locked: list[FxRate] = []
    for fetched_at in session.scalars(_FETCHED, values).all():
        just_before = fetched_at - timedelta(microseconds=1)
        values_before = {"base": BASE, "currencies": [source, target], "at": now, "known_at": just_before}
        told = {row.quote: Told(row.rate, row.as_of, row.source) for row in session.execute(_TOLD, values_before)}
        if {source, target} - {BASE} == set(told):
            locked.append(cross_rate(source, target, told))
    return ShownRates(current, tuple(dict.fromkeys(rate for rate in locked if rate != current)))


@dataclass(frozen=True, slots=True)
class RateRow:
    """The newest that was told of a currency."""

    currency: str
    rate: Decimal
    as_of: datetime
    source: str
    fetched_at: datetime


_NEWEST = text(
    """
    SELECT DISTINCT ON (quote) quote AS currency, rate, as_of, source, fetched_at
      FROM fx_rate
     WHERE base = :base AND as_of <= :now
     ORDER BY quote, as_of DESC, id DESC
    """
)


def list_rates(session: Session, *, now: datetime) -> list[RateRow]:
    """The newest rate of every currency, by its code."""
    return [RateRow(**row) for row in session.execute(_NEWEST, {"base": BASE, "now": now}).mappings()]


@dataclass(frozen=True, slots=True)
class ChannelRate:
    """What a channel sells with, and until when: no rate where none was told, no end for one of any age."""

    channel_id: int
    currency: str
    rate: FxRate | None
    is_open: bool
    closes_at: datetime | None = None

    @property
    def needs_feed(self) -> bool:
        """Whether it is closed, or soon, because rates come from the table in the package only."""
        return self.rate is not None and self.rate.provider == BUNDLED and self.closes_at is not None


def list_channel_rates(session: Session, *, now: datetime) -> list[ChannelRate]:
    """The rate of every channel that sells in another currency than the platform's."""
    rows = []
    target = platform_currency(session)
    for channel in channel_directory(session).channels.values():
        if channel.currency == target:
            continue
        try:
            rate = rate_at(session, source=channel.currency, target=target, at=now)
        except RateMissingError:
            rows.append(ChannelRate(channel.id, channel.currency, None, is_open=False))
        else:
            terms = fx_terms(channel)
            is_open = terms.fits(rate, now=now)
            rows.append(ChannelRate(channel.id, channel.currency, rate, is_open, terms.closes_at(rate)))
    return rows
