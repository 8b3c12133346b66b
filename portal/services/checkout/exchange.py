"""The platform's side of a quote: the rate that the buyer sees, and for how long it is kept for him (CAT-04)."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from portal.kit.errors import PortalError
from portal.kit.money import Money
from portal.queries.channels import ChannelView
from portal.queries.exchange import fx_terms, platform_currency, shown_rates
from portal.rules.fx import Exchanged, FxRate, RateMissingError, RateStaleError, exchange


@dataclass(frozen=True, slots=True)
class QuotedRate:
    """The rate from a channel's currency to the platform's. With a `fault` nothing is sold there just now.

    `locked` are those which pages may still show that were asked for a moment ago.
    """

    rate: FxRate | None = None
    locked: tuple[FxRate, ...] = ()
    fault: PortalError | None = None

    @property
    def usable(self) -> FxRate | None:
        """The rate of now, if it may be sold with."""
        return None if self.fault else self.rate

    def in_platform(self, minor: int, currency: str) -> Exchanged | None:
        """An amount in the platform's currency; None while there is no rate that can be used."""
        return None if self.rate is None or self.fault else exchange(Money(minor, currency), self.rate)

    def mark(self, fingerprint: str) -> str:
        """A mark of the amounts and the rate at which they were shown."""
        return fingerprint if self.rate is None else _mark(fingerprint, self.rate)

    def rate_of(self, mark: str, fingerprint: str) -> FxRate | None:
        """The rate that somebody saw whose page has this mark; None for none that is kept."""
        rates = () if self.rate is None else (self.rate, *self.locked)
        return next((rate for rate in rates if _mark(fingerprint, rate) == mark), None)


def _mark(fingerprint: str, rate: FxRate) -> str:
    facts = (fingerprint, rate.source, rate.target, str(rate.rate), rate.provider, rate.as_of.isoformat())
    return hashlib.sha256(repr(facts).encode()).hexdigest()[:32]


def quote_rate(session: Session, *, channel: ChannelView, now: datetime) -> QuotedRate | None:
    """The channel's rate of now; None where it sells in the platform's own currency."""
    target = platform_currency(session)
    if channel.currency == target:
        return None
    try:
        shown = shown_rates(session, source=channel.currency, target=target, now=now)
    except RateMissingError as error:
        return QuotedRate(fault=error)
    terms = fx_terms(channel)
    if not terms.fits(shown.now, now=now):
        return QuotedRate(shown.now, fault=RateStaleError(source=channel.currency, target=target))
    return QuotedRate(shown.now, tuple(rate for rate in shown.locked if terms.fits(rate, now=now)))


def fx_columns(minor: int, currency: str, rate: FxRate | None) -> dict[str, Any]:
    """What a row keeps of an amount in the platform's currency; nothing where it is in that currency itself."""
    if rate is None:
        return dict.fromkeys(("platform_currency", "platform_minor", "fx_rate", "fx_source", "fx_as_of"))
    made = exchange(Money(minor, currency), rate)
    return {
        "platform_currency": rate.target,
        "platform_minor": made.amount.minor,
        "fx_rate": rate.rate,
        "fx_source": rate.provider,
        "fx_as_of": rate.as_of,
    }
