"""Card payments with three kinds of fraud, after the simulator of Le Borgne et al., *Reproducible Machine Learning for
Credit Card Fraud Detection*, chapter 3: amounts too large, terminals that were taken over, cards that were copied."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np

from portal.learning.features import Events
from portal.learning.windows import DAY_S

BEGIN = datetime(2018, 4, 1, tzinfo=UTC)
TOO_LARGE = 220


def card_events(*, customers: int = 150, terminals: int = 300, days: int = 75, seed: int = 1) -> Events:
    """About two events a customer and day; one in a hundred is a fraud."""
    rng = np.random.default_rng(seed)
    usual, often = rng.uniform(5, 100, customers), rng.uniform(0, 4, customers)
    count = rng.poisson(often[:, None], (customers, days))
    customer = np.repeat(np.arange(customers), count.sum(axis=1))
    day = np.concatenate([np.repeat(np.arange(days), each) for each in count])
    at_s = day * DAY_S + np.clip(rng.normal(DAY_S / 2, 20_000, day.size), 0, DAY_S - 1)
    # Everybody goes to his own ten terminals.
    own = rng.integers(0, terminals, (customers, 10))
    terminal = own[customer, rng.integers(0, 10, day.size)]
    amount = np.abs(rng.normal(usual[customer], usual[customer] / 2))
    fraud = amount > TOO_LARGE
    for start in range(0, days, 4):
        taken_over = rng.integers(0, terminals)
        fraud |= (terminal == taken_over) & (day >= start) & (day < start + 28)
        copied = rng.integers(0, customers)
        theirs = (customer == copied) & (day >= start) & (day < start + 14) & (rng.random(day.size) < 1 / 3)
        amount[theirs] *= 5
        fraud |= theirs
    order = np.argsort(at_s, kind="stable")
    return Events(
        np.round(at_s[order]).astype(np.float64) + BEGIN.timestamp(),
        np.round(amount[order], 2).astype(np.float64),
        fraud[order].astype(np.float64),
        customer[order].astype(np.int64),
        terminal[order].astype(np.int64),
    )


def day_s(number: int) -> float:
    """The beginning of a day of the simulation."""
    return (BEGIN + timedelta(days=number)).timestamp()


def as_csv(events: Events) -> str:
    """The events under the names of the handbook's files, with its columns that no model may see."""
    lines = ["TRANSACTION_ID,TX_DATETIME,CUSTOMER_ID,TERMINAL_ID,TX_AMOUNT,TX_FRAUD,TX_FRAUD_SCENARIO"]
    assert events.customer is not None
    assert events.terminal is not None
    for n, at_s in enumerate(events.at_s):
        fraud = int(events.label[n])
        at = datetime.fromtimestamp(at_s, tz=UTC).replace(tzinfo=None)
        lines.append(f"{n},{at},{events.customer[n]},{events.terminal[n]},{events.amount[n]},{fraud},{fraud * 2}")
    return "\n".join(lines) + "\n"
