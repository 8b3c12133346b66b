"""From single purchases to what is known of each customer: frequency, recency, age and value (INC-01)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

import numpy as np

from portal.learning.lifetime import Customers, Numbers

DAYS_OF = {"days": 1.0, "weeks": 7.0, "months": 30.4375}


@dataclass(slots=True)
class Purchases:
    """Amounts by customer and day: what somebody buys on one day is one purchase."""

    by_customer: dict[str, dict[date, float]] = field(default_factory=dict)

    def add(self, customer: str, day: date, amount: float) -> None:
        """Take one line of a file."""
        days = self.by_customer.setdefault(customer, {})
        days[day] = days.get(day, 0.0) + amount

    @property
    def last_day(self) -> date:
        """The day of the last purchase of all."""
        return max(day for days in self.by_customer.values() for day in days)


@dataclass(frozen=True, slots=True)
class Known:
    """Customers as the models take them: one name, and one row of each figure."""

    names: Sequence[str]
    customers: Customers
    value: Numbers


def known_at(purchases: Purchases, until: date, *, unit: str) -> Known:
    """Everybody who had bought by then, from what he had bought by then. `value` leaves the first purchase out."""
    per = DAYS_OF[unit]
    names, rows = [], []
    for name, days in purchases.by_customer.items():
        bought = sorted(day for day in days if day <= until)
        if not bought:
            continue
        later = [days[day] for day in bought[1:]]
        value = sum(later) / len(later) if later else 0.0
        names.append(name)
        rows.append((len(later), (bought[-1] - bought[0]).days / per, (until - bought[0]).days / per, value))
    table = np.array(rows, dtype=np.float64).reshape(-1, 4)
    return Known(names, Customers(table[:, 0], table[:, 1], table[:, 2]), table[:, 3])


def bought_after(purchases: Purchases, names: Sequence[str], since: date, until: date) -> Numbers:
    """How often each bought after `since`, up to and with `until`."""
    return np.array(
        [sum(since < day <= until for day in purchases.by_customer[name]) for name in names], dtype=np.float64
    )


def ranked_share(expected: Numbers, real: Numbers, share: float = 0.2) -> float | None:
    """The share of all later purchases that were made by those who were expected to buy most; None without any."""
    total = float(real.sum())
    if total == 0 or not len(real):
        return None
    first = np.argsort(-expected, kind="stable")[: max(1, round(len(real) * share))]
    return float(real[first].sum()) / total
