"""Buying on invoice: who may, how much may be owed, and when somebody is reminded (PAY-17)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from portal.kit.errors import Rejection
from portal.kit.money import Money
from portal.kit.text import N_

METHOD: Final = "invoice"
DAYS_USUAL: Final = 30
DAYS_MAX: Final = 180
# A limit above this is in force only once a second person has agreed to it, in minor units by currency.
SECOND_LOOK_ABOVE: Final[Mapping[str, int]] = {"KRW": 5_000_000, "USD": 400_000, "EUR": 350_000, "JPY": 500_000}
LIMIT_MAX: Final = 10**12
# From the due date: before it, on it, and after it. What comes after these is an administrator's business.
REMINDERS: Final = (timedelta(days=-3), timedelta(0), timedelta(days=7), timedelta(days=14))


@dataclass(frozen=True, slots=True)
class Credit:
    """How somebody stands in one currency, in minor units. `overdue` counts invoices that are late."""

    limit_minor: int
    used_minor: int
    days: int
    overdue: int = 0
    is_open: bool = True

    @property
    def left_minor(self) -> int:
        return max(self.limit_minor - self.used_minor, 0) if self.is_open else 0


def refusal_of(credit: Credit | None, amount_minor: int, currency: str) -> Rejection | None:
    """Why an order cannot be bought on invoice, if so (CAT-05)."""
    if credit is None or not credit.is_open or not credit.limit_minor:
        return Rejection("CREDIT_NONE", N_("Invoices are for buyers with an approved credit limit. Ask us for one."))
    if credit.overdue:
        return Rejection("CREDIT_OVERDUE", N_("An invoice of yours is overdue. Pay it first, then this way is open."))
    if amount_minor > credit.left_minor:
        left = Money(credit.left_minor, currency)
        return Rejection("CREDIT_TOO_LOW", N_("Of your credit limit %(left)s is left."), {"left": left})
    return None


def needs_second_look(limit_minor: int, currency: str) -> bool:
    """Whether a limit waits for somebody else's consent. A currency without a threshold always does."""
    return limit_minor > SECOND_LOOK_ABOVE.get(currency, 0)


def reminders_due(due_at: datetime, now: datetime) -> int:
    """How many reminders should have gone out by now; who was away gets the latest alone."""
    return sum(now >= due_at + after for after in REMINDERS)


def state_of(*, total_minor: int, paid_minor: int, lowered_minor: int, lost_minor: int, is_overdue: bool) -> str:
    """An invoice's state by its sums. One that a refund has closed without any payment is `credited`."""
    left = total_minor - paid_minor - lowered_minor - lost_minor
    if not left:
        return "written_off" if lost_minor else "paid" if paid_minor else "credited"
    if is_overdue:
        return "overdue"
    return "partly_paid" if paid_minor else "open"
