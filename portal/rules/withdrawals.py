"""Withdrawals of deposit: how much at once and a day, and what a person looks at first (REF-08)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from portal.kit.errors import Rejection
from portal.kit.money import Money
from portal.kit.text import N_


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds in minor units of a currency, both inclusive; `look_above` is what nobody gets without a second look."""

    minimum_minor: int
    maximum_minor: int
    daily_minor: int
    look_above: int


LIMITS: Final[Mapping[str, Limits]] = {
    "KRW": Limits(1_000, 5_000_000, 10_000_000, 1_000_000),
    "USD": Limits(100, 400_000, 800_000, 80_000),
    "EUR": Limits(100, 400_000, 800_000, 75_000),
    "JPY": Limits(100, 500_000, 1_000_000, 100_000),
}
NEW_ACCOUNT: Final = timedelta(days=14)
VELOCITY_OVER: Final = timedelta(days=7)
VELOCITY_COUNT: Final = 3
FRESH_MONEY: Final = timedelta(days=3)
# The word for what rules of risk want looked at.
RISK: Final = "risk"


@dataclass(frozen=True, slots=True)
class Standing:
    """What is known of the person: age of the account, earlier withdrawals, and money that has just come in."""

    since: datetime
    today_minor: int
    recent_count: int
    fresh_minor: int


def limit_of(amount_minor: int, currency: str, standing: Standing) -> Rejection | None:
    """Why an amount cannot be withdrawn, if so."""
    limits = LIMITS.get(currency)
    if limits is None:
        return Rejection("WITHDRAWAL_CURRENCY", N_("Deposit in this currency cannot be withdrawn here."))
    if amount_minor < limits.minimum_minor:
        least = Money(limits.minimum_minor, currency)
        return Rejection("WITHDRAWAL_TOO_SMALL", N_("At least %(minimum)s can be withdrawn."), {"minimum": least})
    if amount_minor > limits.maximum_minor:
        most = Money(limits.maximum_minor, currency)
        return Rejection("WITHDRAWAL_TOO_LARGE", N_("At most %(maximum)s can be withdrawn at once."), {"maximum": most})
    left = limits.daily_minor - standing.today_minor
    if amount_minor > left:
        rest = Money(max(left, 0), currency)
        return Rejection("WITHDRAWAL_DAILY", N_("Today %(left)s more can be withdrawn."), {"left": rest})
    return None


def holds_of(amount_minor: int, currency: str, standing: Standing, *, now: datetime) -> tuple[str, ...]:
    """Why a person looks at it first (against money laundering): one word each; empty means nobody has to."""
    found = []
    if amount_minor > LIMITS[currency].look_above:
        found.append("amount")
    if now - standing.since < NEW_ACCOUNT:
        found.append("new_account")
    if standing.recent_count >= VELOCITY_COUNT:
        found.append("velocity")
    if standing.fresh_minor and amount_minor > 0:
        found.append("fresh_money")
    return tuple(found)


@dataclass(frozen=True, slots=True)
class WayBack:
    """A payment that deposit came from, and what of it may still go back. `takes_parts` False: only all of it."""

    attempt_id: UUID
    left_minor: int
    takes_parts: bool = True
    is_whole: bool = True

    @property
    def can_take_any(self) -> bool:
        return self.left_minor > 0 and (self.takes_parts or self.is_whole)


def spread(amount_minor: int, ways: Sequence[WayBack]) -> tuple[tuple[tuple[WayBack, int], ...], int]:
    """What of an amount goes back by which payment, the oldest first, and what is left for the bank (REF-08)."""
    taken = []
    for way in ways:
        part = min(amount_minor, way.left_minor)
        if part <= 0 or not (way.takes_parts or (way.is_whole and part == way.left_minor)):
            continue
        taken.append((way, part))
        amount_minor -= part
    return tuple(taken), amount_minor
