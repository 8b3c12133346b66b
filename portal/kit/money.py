"""Amounts: whole minor units and a currency, together. Every rounding of the portal happens in this file."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from portal.kit.currency import exponent
from portal.kit.errors import PortalError
from portal.kit.text import N_

# Browsers and JSON readers count exactly up to here; no order comes near it.
MAX_MINOR = 2**53

_FULL_WIDTH = str.maketrans("０１２３４５６７８９，．", "0123456789,.")
_AMOUNT = re.compile(r"(?P<whole>[0-9]{1,16}|[0-9]{1,3}(?:,[0-9]{3}){1,5})(?:\.(?P<decimals>[0-9]{1,9}))?")


class CurrencyMismatchError(PortalError):
    code = "currency_mismatch"
    sentence = N_("Amounts in %(left)s and %(right)s cannot be combined.")


class AmountInvalidError(PortalError):
    code = "amount_invalid"
    sentence = N_("Enter an amount in digits, such as 5,000.")


class TooManyDecimalsError(AmountInvalidError):
    code = "amount_too_many_decimals"
    sentence = N_("Amounts in %(currency)s have at most %(decimals)s decimals.")


class NotWholeError(TooManyDecimalsError):
    """Parts of what has none: won, yen, points."""

    sentence = N_("Enter a whole amount, such as 5,000.")


def exactly(value: Fraction | Decimal | int) -> Fraction:
    """Return the value as a fraction. Raises TypeError for floats and truth values, which come from a mistake."""
    if type(value) not in (Fraction, Decimal, int):
        raise TypeError("an exact rational is needed")
    return Fraction(value)


def round_half_up(value: Fraction | Decimal | int) -> int:
    """Return floor(value + 1/2), exactly (worked-examples.md)."""
    exact = exactly(value)
    return (2 * exact.numerator + exact.denominator) // (2 * exact.denominator)


def round_away(value: Fraction | Decimal | int) -> int:
    """Round half away from zero: a reversed amount rounds to exactly the reverse."""
    return round_half_up(value) if value >= 0 else -round_half_up(-value)


def allocate(total: int, weights: Sequence[int]) -> list[int]:
    """Split `total` in proportion to the weights so that the parts add up to it (largest remainder).

    Left-over units go one each to the largest remainders, ties to the earlier. A weight of zero gets nothing, and no
    part exceeds its weight while `total` does not exceed their sum. A negative total is split like its opposite.
    Raises ValueError when there is something to split and nobody to take it, or a weight is negative.
    """
    if type(total) is not int or any(type(weight) is not int for weight in weights):
        raise TypeError("whole minor units are needed")
    if total < 0:
        return [-part for part in allocate(-total, weights)]
    whole = sum(weights)
    if weights and min(weights) < 0:
        raise ValueError("a weight is negative")
    if not whole:
        if total:
            raise ValueError("no weight to allocate to")
        return [0] * len(weights)
    parts = [total * weight // whole for weight in weights]
    left = total - sum(parts)
    if left:
        by_remainder = sorted(range(len(weights)), key=lambda i: -(total * weights[i] % whole))
        for i in by_remainder[:left]:
            parts[i] += 1
    return parts


def convert(amount_minor: int, *, rate: Decimal | Fraction, source: str, target: str) -> int:
    """Convert minor units of `source` to minor units of `target` at `rate` target units per source unit (rule 7)."""
    if type(amount_minor) is not int:
        raise TypeError("whole minor units are needed")
    if rate <= 0:
        raise ValueError("the rate is above zero")
    return round_half_up(amount_minor * exactly(rate) * Fraction(10) ** (exponent(target) - exponent(source)))


def parse_minor(text: str, currency: str) -> int:
    """Read what a person typed ("5,000", "12.34", full-width digits) as minor units of `currency`.

    Commas separate thousands and the point decimals, in every language of the portal. Signs, exponents and anything
    that would have to be guessed or rounded are refused. Raises AmountInvalidError or its TooManyDecimalsError.
    """
    places = exponent(currency)
    match = _AMOUNT.fullmatch(text.strip().translate(_FULL_WIDTH))
    if match is None:
        raise AmountInvalidError
    decimals = match["decimals"] or ""
    if decimals and not places:
        raise NotWholeError
    if len(decimals) > places:
        raise TooManyDecimalsError(currency=currency, decimals=places)
    minor = int(match["whole"].replace(",", "") + decimals.ljust(places, "0"))
    if minor > MAX_MINOR:
        raise AmountInvalidError
    return minor


def as_decimal(amount_minor: int, currency: str) -> Decimal:
    """The amount in whole units with all the decimals of its currency: 1234 of USD is 12.34."""
    return Decimal(amount_minor).scaleb(-exponent(currency))


@dataclass(frozen=True, slots=True)
class Money:
    """An amount in the minor units of one currency. Refuses floats, and refuses to mix currencies."""

    minor: int
    currency: str

    def __post_init__(self) -> None:
        if type(self.minor) is not int:
            raise TypeError("whole minor units are needed")
        exponent(self.currency)

    def _same(self, other: "Money") -> int:
        if self.currency != other.currency:
            raise CurrencyMismatchError(left=self.currency, right=other.currency)
        return other.minor

    def __add__(self, other: "Money") -> "Money":
        return Money(self.minor + self._same(other), self.currency)

    def __sub__(self, other: "Money") -> "Money":
        return Money(self.minor - self._same(other), self.currency)

    def __neg__(self) -> "Money":
        return Money(-self.minor, self.currency)

    def __mul__(self, times: int) -> "Money":
        if type(times) is not int:
            raise TypeError("money is multiplied by whole numbers; see share() and percent()")
        return Money(self.minor * times, self.currency)

    __rmul__ = __mul__

    def __lt__(self, other: "Money") -> bool:
        return self.minor < self._same(other)

    def __le__(self, other: "Money") -> bool:
        return self.minor <= self._same(other)

    def __gt__(self, other: "Money") -> bool:
        return self.minor > self._same(other)

    def __ge__(self, other: "Money") -> bool:
        return self.minor >= self._same(other)

    def __bool__(self) -> bool:
        return self.minor != 0

    def __str__(self) -> str:
        """Return a plain form for logs and untranslated sentences; pages format by the reader's language."""
        return f"{self.currency} {as_decimal(self.minor, self.currency):f}"

    def share(self, *, basis_points: int) -> "Money":
        """Return so many hundredths of a percent, rounded half away from zero: 290 is 2.90 %."""
        if type(basis_points) is not int:
            raise TypeError("whole basis points are needed")
        return Money(round_away(Fraction(self.minor * basis_points, 10_000)), self.currency)

    def percent(self, percent: Decimal) -> "Money":
        """Return `percent` per cent, rounded half away from zero."""
        if not isinstance(percent, Decimal):
            raise TypeError("percent is a Decimal")
        return Money(round_away(self.minor * Fraction(percent) / 100), self.currency)

    def allocate(self, weights: Sequence[int]) -> list["Money"]:
        """Split in proportion to the weights, losing nothing: see allocate()."""
        return [Money(part, self.currency) for part in allocate(self.minor, weights)]
