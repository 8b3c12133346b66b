"""Top-ups of the deposit: how much at once, and how much within a day (BAL-02)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from portal.kit.errors import Rejection
from portal.kit.money import Money
from portal.kit.text import N_


@dataclass(frozen=True, slots=True)
class TopUpLimits:
    """Bounds in minor units of a currency, both inclusive. `suggested` are amounts to choose from."""

    minimum_minor: int
    maximum_minor: int
    daily_minor: int
    suggested: tuple[int, ...] = ()


LIMITS: Final[Mapping[str, TopUpLimits]] = {
    "KRW": TopUpLimits(1_000, 2_000_000, 5_000_000, (10_000, 30_000, 50_000, 100_000, 300_000)),
    "USD": TopUpLimits(100, 150_000, 400_000, (1_000, 2_500, 5_000, 10_000, 25_000)),
    "EUR": TopUpLimits(100, 150_000, 400_000, (1_000, 2_500, 5_000, 10_000, 25_000)),
    "JPY": TopUpLimits(100, 200_000, 500_000, (1_000, 3_000, 5_000, 10_000, 30_000)),
}
# The day is the last 24 hours: it has no border at which twice as much goes through.
DAY: Final = timedelta(hours=24)
_OWN = ("minimum_minor", "maximum_minor", "daily_minor")


def limits_of(currency: str, policy: Mapping[str, Any]) -> TopUpLimits | None:
    """The limits of a channel: those of its currency, or what its policy says (`top_up`); None takes no top-ups."""
    usual = LIMITS.get(currency)
    own = policy.get("top_up", {})
    if usual is None or own.get("closed"):
        return None
    minimum, maximum, daily = (int(own.get(name, getattr(usual, name))) for name in _OWN)
    within = tuple(one for one in usual.suggested if minimum <= one <= maximum)
    return TopUpLimits(minimum, maximum, daily, within)


def refusal_of(amount_minor: int, currency: str, limits: TopUpLimits | None, *, today_minor: int) -> Rejection | None:
    """Why an amount cannot be topped up, if so. `today_minor` came in, or is still waited for, within a day."""
    if limits is None:
        return Rejection("TOP_UP_CLOSED", N_("The deposit cannot be topped up in this shop."))
    if amount_minor < limits.minimum_minor:
        least = Money(limits.minimum_minor, currency)
        return Rejection("TOP_UP_TOO_SMALL", N_("Top up at least %(minimum)s."), {"minimum": least})
    if amount_minor > limits.maximum_minor:
        most = Money(limits.maximum_minor, currency)
        return Rejection("TOP_UP_TOO_LARGE", N_("Top up at most %(maximum)s at once."), {"maximum": most})
    left = limits.daily_minor - today_minor
    if amount_minor > left:
        rest = Money(max(left, 0), currency)
        return Rejection("TOP_UP_DAILY", N_("Within 24 hours %(left)s more can be topped up."), {"left": rest})
    return None
