"""Events as a table of features, each as of its event (FRD-10)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from portal.learning.relations import Relations
from portal.learning.windows import DAY_S, HOUR_S, Floats, Ints, Timeline
from portal.learning.words import Encoding, Words, meetings

WINDOWS = {"1h": HOUR_S, "1d": DAY_S, "7d": 7 * DAY_S, "30d": 30 * DAY_S}
RISK_WINDOWS = {"1d": DAY_S, "7d": 7 * DAY_S, "30d": 30 * DAY_S}
EVER_S = 390 * DAY_S
NIGHT_ENDS_H = 6
SATURDAY = 5
WEEK_DAYS = 7
# 1 January 1970 was a Thursday.
EPOCH_WEEKDAY = 3
SPREAD_MIN = 1e-3
# Of fewer kinds of words everybody meets all.
KINDS_MIN = 3

Matrix = npt.NDArray[np.float32]
# Whatever precision it came in.
Column = npt.NDArray[np.floating[Any]]


@dataclass(frozen=True, slots=True)
class Events:
    """Events in the order of time.

    `label` is 1 for fraud, 0 for none, NaN where nobody knows. Who has no customers or no terminals leaves them None.
    """

    at_s: Floats
    amount: Floats
    label: Floats
    customer: Ints | None = None
    terminal: Ints | None = None
    numbers: dict[str, Floats] = field(default_factory=dict)
    words: dict[str, Words] = field(default_factory=dict)

    def __len__(self) -> int:
        return int(self.at_s.size)


@dataclass(frozen=True, slots=True)
class Table:
    """A column per name, a place per event. NaN is not known.

    Columns of the events themselves are not copied, and rows are put together only as they are asked for: of a wide
    set there is never a second copy.
    """

    columns: Mapping[str, Column]
    size: int

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self.columns)

    @property
    def values(self) -> Matrix:
        """All rows of all columns."""
        return self.rows(self.names, np.arange(self.size))

    def rows(self, names: Sequence[str], places: Ints) -> Matrix:
        """The rows of these places; a column that is not here is not known."""
        found = np.full((places.size, len(names)), np.nan, dtype=np.float32)
        for n, name in enumerate(names):
            if name in self.columns:
                found[:, n] = self.columns[name][places]
        return found


def build(
    events: Events,
    *,
    label_delay_s: float,
    encodings: dict[str, Encoding] | None = None,
    relations: Relations | None = None,
) -> Table:
    """All features of all events. Labels are seen `label_delay_s` after their event, never earlier."""
    columns = _light(_of_the_moment(events))
    for name, owner in (("customer", events.customer), ("terminal", events.terminal)):
        if owner is not None:
            columns |= _of_owner(name, Timeline(owner, events.at_s), events, label_delay_s)
    if events.customer is not None and events.terminal is not None:
        least = int(events.terminal.min(initial=0))
        pair = events.customer * (int(events.terminal.max(initial=0)) - least + 1) + events.terminal - least
        met = Timeline(np.unique(pair, return_inverse=True)[1].astype(np.int64), events.at_s)
        columns["customer_at_terminal_before"] = _light_one(met.before(events.amount, EVER_S).count)
    columns |= {f"x_{name}": values for name, values in events.numbers.items()}
    if relations is not None:
        columns |= _light(relations.columns(events.amount, events.numbers, events.at_s, events.customer))
    for name, encoding in (encodings or {}).items():
        if name in events.words:
            columns[f"w_{name}"] = _light_one(encoding(events.words[name]))
            columns[f"n_{name}"] = _light_one(encoding.met(events.words[name]))
            if events.customer is not None and len(encoding.worth) >= KINDS_MIN:
                before = meetings(events.customer, events.words[name], events.at_s)
                columns[f"customer_{name}_before"] = _light_one(before)
    return Table(columns, len(events))


def _light(columns: Mapping[str, Floats]) -> dict[str, Column]:
    return {name: _light_one(values) for name, values in columns.items()}


def _light_one(values: Floats) -> Column:
    """As trees see it: half as large."""
    return values.astype(np.float32)


def _of_the_moment(events: Events) -> dict[str, Floats]:
    hour = (events.at_s % DAY_S) / HOUR_S
    weekday = (np.floor(events.at_s / DAY_S) + EPOCH_WEEKDAY) % WEEK_DAYS
    return {
        "amount": events.amount,
        "hour": hour,
        "is_night": (hour < NIGHT_ENDS_H).astype(np.float64),
        "is_weekend": (weekday >= SATURDAY).astype(np.float64),
    }


def _of_owner(name: str, timeline: Timeline, events: Events, label_delay_s: float) -> dict[str, Column]:
    columns: dict[str, Column] = {}
    for window, length_s in WINDOWS.items():
        sums = timeline.window(events.amount, length_s)
        columns[f"{name}_count_{window}"] = _light_one(sums.count)
        columns[f"{name}_mean_{window}"] = _light_one(sums.mean)
    usual = timeline.before(events.amount, EVER_S)
    spread = np.sqrt(np.maximum(timeline.before(events.amount**2, EVER_S).mean - usual.mean**2, 0.0))
    columns[f"{name}_times_usual"] = _light_one(events.amount / np.where(usual.mean > 0, usual.mean, np.nan))
    # Sums over a million events leave a rest where amounts are all the same.
    varies = spread > SPREAD_MIN * np.abs(usual.mean)
    columns[f"{name}_deviations"] = _light_one((events.amount - usual.mean) / np.where(varies, spread, np.nan))
    columns[f"{name}_seen_before"] = _light_one(usual.count)
    columns[f"{name}_since_last_s"] = _light_one(timeline.since_last())
    for window, length_s in RISK_WINDOWS.items():
        told = timeline.delayed(events.label, length_s, label_delay_s)
        columns[f"{name}_told_{window}"] = _light_one(told.count)
        columns[f"{name}_risk_{window}"] = _light_one(told.mean)
    return columns
