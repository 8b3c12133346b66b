"""What models learn from, as arrays, and the models that are kept."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
from sqlalchemy import text
from sqlalchemy.orm import Session

from portal.learning.features import Events
from portal.learning.windows import Ints
from portal.learning.words import Words

BATCH = 20_000
_SETS = text(
    """
    SELECT s.id, s.name, s.columns, count(e.id) AS events, count(e.id) FILTER (WHERE e.label) AS frauds,
           min(e.at) AS first_at, max(e.at) AS last_at
      FROM training_set s LEFT JOIN training_event e ON e.training_set_id = s.id
     WHERE s.name = :name GROUP BY s.id
    """
)
_EVENTS = text(
    """
    SELECT extract(epoch FROM at)::float8 AS at_s, amount, label::int AS label, customer, terminal, numbers, words
      FROM training_event WHERE training_set_id = :set_id ORDER BY at, id
    """
)
_MODEL = text(
    """
    SELECT version, kept, trees, sha256, card, trained_at FROM fraud_model
     WHERE training_set_id = :set_id AND version = coalesce(:version, (SELECT max(version) FROM fraud_model
                                                                       WHERE training_set_id = :set_id))
    """
)


@dataclass(frozen=True, slots=True)
class TrainingSetView:
    """A training set and how much it holds."""

    id: int
    name: str
    columns: dict[str, Any]
    events: int
    frauds: int
    first_at: datetime | None
    last_at: datetime | None


@dataclass(frozen=True, slots=True)
class KeptModel:
    """A model as it is kept; portal.learning.fraud.from_json reads it back."""

    version: int
    kept: dict[str, Any]
    trees: str
    sha256: str
    card: dict[str, Any]
    trained_at: datetime


def find_set(session: Session, name: str) -> TrainingSetView | None:
    """The set of this name."""
    row = session.execute(_SETS, {"name": name}).one_or_none()
    return TrainingSetView(*row) if row else None


def find_model(session: Session, set_id: int, version: int | None = None) -> KeptModel | None:
    """The model of this version, or the newest."""
    row = session.execute(_MODEL, {"set_id": set_id, "version": version}).one_or_none()
    return KeptModel(*row) if row else None


def load_events(session: Session, found: TrainingSetView) -> Events:
    """All events of a set in the order of time, read in pieces."""
    size = found.events
    at_s, amount, label = (np.full(size, np.nan) for _ in range(3))
    names: list[str] = found.columns["numbers"]
    kinds: list[str] = found.columns["words"]
    numbers = {name: np.full(size, np.nan) for name in names}
    words = [_Codes(size) for _kind in kinds]
    customers, terminals = _Codes(size), _Codes(size)
    place = 0
    result = session.execute(_EVENTS.execution_options(yield_per=BATCH), {"set_id": found.id})
    for rows in result.partitions():
        until = place + len(rows)
        here = slice(place, until)
        at_s[here] = [row.at_s for row in rows]
        amount[here] = [row.amount for row in rows]
        label[here] = [np.nan if row.label is None else row.label for row in rows]
        customers.take(here, [row.customer for row in rows])
        terminals.take(here, [row.terminal for row in rows])
        if names:
            some = np.array([row.numbers for row in rows])
            for n, values in enumerate(numbers.values()):
                values[here] = some[:, n]
        if kinds:
            for n, codes in enumerate(words):
                codes.take(here, [row.words[n] for row in rows])
        place = until
    return Events(
        at_s,
        amount,
        label,
        customers.codes(),
        terminals.codes(),
        numbers,
        {kind: codes.words() for kind, codes in zip(kinds, words, strict=True)},
    )


class _Codes:
    """Names as numbers, in the order in which they come. Who has no name is nobody else."""

    def __init__(self, size: int) -> None:
        self._known: dict[str, int] = {}
        self._codes: Ints = np.zeros(size, dtype=np.int64)
        self._strangers = 0

    def take(self, here: slice, names: list[str | None]) -> None:
        self._codes[here] = [self._code(name) for name in names]

    def codes(self) -> Ints | None:
        return self._codes if self._known else None

    def words(self) -> Words:
        return Words(self._codes.astype(np.int32), tuple(self._known))

    def _code(self, name: str | None) -> int:
        if name is None:
            self._strangers += 1
            return -self._strangers
        return self._known.setdefault(name, len(self._known))
