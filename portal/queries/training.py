"""What models learn from, as arrays, and the models that are kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

import numpy as np
import numpy.typing as npt
from psycopg.abc import Buffer
from psycopg.adapt import Loader
from psycopg.pq import Format
from psycopg.rows import tuple_row
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from portal.learning.features import Events
from portal.learning.windows import Floats, Ints
from portal.learning.words import Words
from portal.models import TrainingSet

BATCH = 5000
PRECISE_MAX = 48
_SETS = text(
    """
    SELECT s.id, s.name, s.columns, count(e.id) AS events, count(e.id) FILTER (WHERE e.label) AS frauds,
           min(e.at) AS first_at, max(e.at) AS last_at
      FROM training_set s LEFT JOIN training_event e ON e.training_set_id = s.id
     WHERE s.name = :name GROUP BY s.id
    """
)
_EVENTS = """
    SELECT extract(epoch FROM at)::float8, amount, label::int::float8, customer, terminal, numbers, words
      FROM training_event WHERE training_set_id = %s ORDER BY at, id
"""
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


def columns_of(session: Session, name: str) -> dict[str, list[str]]:
    """The further columns of the set of this name, `numbers` and `words`; none of a set that is not there."""
    found: dict[str, list[str]] | None = session.scalar(select(TrainingSet.columns).where(TrainingSet.name == name))
    return found or {"numbers": [], "words": []}


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
    # Of wide sets half the precision is enough, and twice the memory too much.
    precision = np.float64 if len(names) <= PRECISE_MAX else np.float32
    numbers = {name: cast("Floats", np.full(size, np.nan, precision)) for name in names}
    words = [_Codes(size) for _kind in kinds]
    customers, terminals = _Codes(size), _Codes(size)
    place = 0
    driver: Any = session.connection().connection.dbapi_connection
    # A cursor of the server's, read as bytes: of hundreds of numbers in a row no Python object is made.
    with driver.cursor(name="training_events", binary=True, row_factory=tuple_row) as cursor:
        cursor.adapters.register_loader(cursor.adapters.types["float8"].array_oid, _Numbers)
        cursor.execute(_EVENTS, (found.id,))
        while rows := cursor.fetchmany(BATCH):
            here = slice(place, place + len(rows))
            at_s[here], amount[here], label[here], buyers, places, some, texts = zip(*rows, strict=True)
            customers.take(here, buyers)
            terminals.take(here, places)
            if names:
                matrix = np.array(some)
                for n, values in enumerate(numbers.values()):
                    values[here] = matrix[:, n]
            if kinds:
                for codes, column in zip(words, zip(*texts, strict=True), strict=True):
                    codes.take(here, column)
            place = here.stop
    return Events(
        at_s,
        amount,
        label,
        customers.codes(),
        terminals.codes(),
        numbers,
        {kind: codes.words() for kind, codes in zip(kinds, words, strict=True)},
    )


class _Numbers(Loader):
    """An array of numbers as PostgreSQL sends it: a head of 20 bytes, then each with its length before it."""

    format = Format.BINARY
    _element = np.dtype([("length", ">i4"), ("value", ">f8")])

    def load(self, data: Buffer) -> npt.NDArray[np.float64]:
        return np.frombuffer(bytes(data)[20:], dtype=self._element)["value"]


class _Codes:
    """Names as numbers, in the order in which they come. Who has no name is nobody else."""

    def __init__(self, size: int) -> None:
        self._known: dict[str, int] = {}
        self._codes: Ints = np.zeros(size, dtype=np.int64)
        self._strangers = 0

    def take(self, here: slice, names: Sequence[str | None]) -> None:
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
