"""Exchange between currencies, at a rate that is kept with what it was used for (rule 7, CAT-04, REF-07)."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from fractions import Fraction

from portal.kit.errors import PortalError
from portal.kit.money import Money, convert
from portal.kit.text import N_


class RateMissingError(PortalError):
    code = "fx_rate_missing"
    sentence = N_("There is no rate from %(source)s to %(target)s.")


@dataclass(frozen=True, slots=True)
class FxRate:
    """How many units of `target` one unit of `source` bought at `as_of`, and who said so."""

    source: str
    target: str
    rate: Decimal | Fraction
    provider: str
    as_of: datetime

    def is_stale(self, *, now: datetime, age_max: timedelta) -> bool:
        """Say whether the rate is too old to be charged with."""
        return now - self.as_of >= age_max


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


def refund_difference(amount: Money, *, paid_at_rate: FxRate, now_rate: FxRate) -> Money:
    """Return what a refund at the payment's rate costs over today's rate (REF-07): booked to the FX account.

    Above zero is a loss of ours, in the target currency.
    """
    return exchange(amount, now_rate).amount - exchange(amount, paid_at_rate).amount
