"""Columns of words: as numbers with their names, what each word is worth, and how often it is met (FRD-10)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from portal.learning.windows import Floats, Ints, Timeline

# A word is worth its share of frauds; so many events of the general share are added, so that rare words say little.
SMOOTHING = 50.0
EVER_S = 390 * 24 * 3600.0

Codes = npt.NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class Words:
    """A word for each event: its place among `names`."""

    codes: Codes
    names: tuple[str, ...]

    @classmethod
    def of(cls, words: Iterable[str]) -> Words:
        """Number the words in the order in which they come."""
        known: dict[str, int] = {}
        codes = np.array([known.setdefault(word, len(known)) for word in words], dtype=np.int32)
        return cls(codes, tuple(known))

    def __len__(self) -> int:
        return int(self.codes.size)

    def __getitem__(self, asked: slice | npt.NDArray[np.bool_]) -> Words:
        return Words(self.codes[asked], self.names)


@dataclass(frozen=True, slots=True)
class Encoding:
    """What each word of a column is worth: its smoothed share of frauds in the events that it was learned from.

    `seen` is how often it was there: a strange word is told from a usual one.
    """

    general: float
    worth: dict[str, float]
    seen: dict[str, int] = field(default_factory=dict)

    def __call__(self, words: Words) -> Floats:
        values = [self.worth.get(name, self.general) for name in words.names]
        return np.array(values, dtype=np.float64)[words.codes]

    def met(self, words: Words) -> Floats:
        """How often each word was there, as a logarithm."""
        values = [self.seen.get(name, 0) for name in words.names]
        return np.log1p(np.array(values, dtype=np.float64))[words.codes]


def learn_encoding(words: Words, label: Floats) -> Encoding:
    """Learn from labelled events alone."""
    told = ~np.isnan(label)
    general = float(label[told].mean()) if told.any() else 0.0
    codes = words.codes[told]
    count = np.bincount(codes, minlength=len(words.names))
    frauds = np.bincount(codes, weights=label[told], minlength=len(words.names))
    worth = (frauds + SMOOTHING * general) / (count + SMOOTHING)
    there = np.flatnonzero(count)
    return Encoding(
        general,
        {words.names[place]: float(worth[place]) for place in there},
        {words.names[place]: int(count[place]) for place in there},
    )


def worth_before(words: Words, at_s: Floats, label: Floats, *, delay_s: float, general: float) -> Floats:
    """What each word was worth by what was told before its event: to learn from, where `Encoding` knows the answers.

    A model that learns from worths in which the event's own label is held trusts rare words too much.
    """
    told = Timeline(words.codes.astype(np.int64), at_s).delayed(label, EVER_S, delay_s)
    return (told.total + SMOOTHING * general) / (told.count + SMOOTHING)


def meetings(owner: Ints, words: Words, at_s: Floats) -> Floats:
    """How often an owner has met this word before: a new device, a new kind of goods."""
    pair = owner * np.int64(len(words.names)) + words.codes
    return Timeline(np.unique(pair, return_inverse=True)[1].astype(np.int64), at_s).before(at_s, EVER_S).count
