"""Exchange rates for tests, told by a bank of their own."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

from portal.db import transaction
from portal.kit import clock
from portal.kit.rates import ReferenceTable
from portal.services.rates.take_rates import take_rates

# A dollar is 1,300 won, a dinar 3,250.
RATES = {"USD": "1.1", "KRW": "1430", "JPY": "165", "KWD": "0.44", "GBP": "0.85"}


def give_rates(
    *, source: str = "bank", as_of: datetime | None = None, fetched_at: datetime | None = None, **changes: str
) -> datetime:
    """A committed table of an hour ago (or of `as_of`); the moment it is of."""
    now = clock.now()
    as_of = as_of or now - timedelta(hours=1)
    rates = {currency: Decimal(rate) for currency, rate in {**RATES, **changes}.items()}
    with transaction() as session:
        take_rates(
            session,
            table=ReferenceTable(source, as_of, rates),
            now=fetched_at or as_of,
            accept_jumps=True,
        )
    return as_of
