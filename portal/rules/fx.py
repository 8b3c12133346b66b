"""Exchange between currencies, at a rate that is kept with what it was used for (rule 7, CAT-04, REF-07)."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Context, Decimal

from portal.kit.errors import PortalError
from portal.kit.money import Money, convert
from portal.kit.rates import BASE
from portal.kit.text import N_

# A cross rate is rounded once, half up, to so many significant digits: more than any table has, and the same
# wherever it is computed anew from the row that keeps it.
CROSS = Context(prec=12, rounding=ROUND_HALF_UP)

# The bank tells no rates on weekends and holidays: Thursday's rate serves until Tuesday after Easter's Friday.
AGE_MAX_DAYS = 4
# For so long a checkout may be placed at the rate that it showed, though a newer one has come.
LOCKED_FOR = timedelta(minutes=30)
# A rate that moves by more than a fifth against one not older than this is taken for a mistake.
JUMP_MAX = Decimal("0.20")
JUMP_MEMORY = timedelta(days=10)


class RateMissingError(PortalError):
    code = "fx_rate_missing"
    status = 503
    sentence = N_(
        "Purchases in %(source)s are closed just now: there is no exchange rate to %(target)s. Nothing was charged, "
        "and your cart stays as it is."
    )


class RateStaleError(PortalError):
    """The newest rate is too old to be sold with."""

    code = "fx_rate_stale"
    status = 503
    sentence = N_(
        "Purchases in %(source)s are closed just now: the exchange rate to %(target)s is too old. Nothing was charged, "
        "and your cart stays as it is. Shops that sell in %(target)s are open."
    )


@dataclass(frozen=True, slots=True)
class Told:
    """The rate of one currency against BASE, as it was told."""

    rate: Decimal
    as_of: datetime
    source: str


def leaps(before: Decimal, now: Decimal) -> bool:
    """Say whether a rate has moved by more than a fifth of what it was, up or down."""
    return abs(now - before) > before * JUMP_MAX


@dataclass(frozen=True, slots=True)
class FxRate:
    """How many units of `target` one unit of `source` bought at `as_of`, and who said so."""

    source: str
    target: str
    rate: Decimal
    provider: str
    as_of: datetime

    def is_stale(self, *, now: datetime, age_max: timedelta) -> bool:
        """Say whether the rate is too old to be charged with."""
        return now - self.as_of >= age_max


def cross_rate(source: str, target: str, told: Mapping[str, Told]) -> FxRate:
    """Return the rate of a pair from what is told of each against BASE; it is as old as the older of the two.

    Raises RateMissingError.
    """
    given = [told[currency] for currency in (source, target) if currency in told]
    if source == target or len(given) != len({source, target} - {BASE}):
        raise RateMissingError(source=source, target=target)
    oldest = min(given, key=lambda one: one.as_of)
    per_source = told[source].rate if source != BASE else Decimal(1)
    per_target = told[target].rate if target != BASE else Decimal(1)
    return FxRate(source, target, CROSS.divide(per_target, per_source), oldest.source, oldest.as_of)


@dataclass(frozen=True, slots=True)
class FxTerms:
    """What a channel may be sold with: how old its rate may be, and the sources whose age does not count."""

    age_max: timedelta = timedelta(days=AGE_MAX_DAYS)
    ageless: Collection[str] = ()

    def closes_at(self, rate: FxRate) -> datetime | None:
        """From when on the rate is too old to be sold with; None for one that never is."""
        return None if rate.provider in self.ageless else rate.as_of + self.age_max

    def fits(self, rate: FxRate, *, now: datetime) -> bool:
        return rate.provider in self.ageless or not rate.is_stale(now=now, age_max=self.age_max)


@dataclass(frozen=True, slots=True)
class Exchanged:
    """An amount in another currency, with the rate behind it."""

    amount: Money
    rate: FxRate


def exchange(amount: Money, rate: FxRate) -> Exchanged:
    """Convert `amount` by `rate`, which must start from the amount's currency. Raises RateMissingError."""
    if amount.currency != rate.source:
        raise RateMissingError(source=amount.currency, target=rate.target)
    minor = convert(amount.minor, rate=rate.rate, source=rate.source, target=rate.target)
    return Exchanged(Money(minor, rate.target), rate)
