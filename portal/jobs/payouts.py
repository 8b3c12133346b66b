"""Close the periods of stores that are over, each statement in a transaction of its own (BAL-13)."""

from __future__ import annotations

from portal.db import atomically, reading
from portal.kit import clock
from portal.services.payouts.close_period import close_period, due_periods


def close_periods() -> int:
    """Write what statements are due; returns how many. Safe to run any number of times, also at once."""
    with reading() as session:
        due = due_periods(session, now=clock.now())
    made = 0
    for one in due:
        while atomically(lambda s, one=one: close_period(s, due=one, now=clock.now())):  # type: ignore[misc]  # mypy does not infer a lambda's default.
            made += 1
    return made
