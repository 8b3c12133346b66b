"""Columns that a model must not see: they tell the answer, or are but another clock."""

from __future__ import annotations

import numpy as np

from portal.learning.features import Events
from portal.learning.windows import Floats, Ints
from portal.learning.words import Words, learn_encoding

# So well no honest column tells frauds from the rest.
TELLS_FROM = 0.9995
FRAUDS_MIN = 20
CLOCK_FROM = 0.9999
KINDS_OF_A_CLOCK = 10
# Words of which most stand once are names of things, not kinds of them.
NAMES_FROM = 0.5
SAMPLE = 100_000


def evenly(places: Ints) -> Ints:
    """As many of the places as are enough to ask."""
    return places[:: max(1, places.size // SAMPLE)]


def unfit(events: Events) -> dict[str, str]:
    """The columns to be left out, and why, in a few words for the operator; a sample of the events is enough."""
    label, at_s = events.label, events.at_s
    found: dict[str, str] = {}
    for name, numbers in events.numbers.items():
        reason = _unfit_numbers(numbers, label, at_s)
        if reason:
            found[name] = reason
    for name, words in events.words.items():
        reason = _unfit_words(words, label)
        if reason:
            found[name] = reason
    return found


def _unfit_numbers(values: Floats, label: Floats, at_s: Floats) -> str | None:
    known = ~np.isnan(values)
    if np.unique(values[known]).size < 2:
        return "it says the same everywhere"
    if _tells(values[known], label[known]):
        return "it tells the label"
    ranks, times = (np.argsort(np.argsort(some, kind="stable")) for some in (values[known], at_s[known]))
    if np.unique(values[known]).size >= KINDS_OF_A_CLOCK and abs(np.corrcoef(ranks, times)[0, 1]) > CLOCK_FROM:
        return "it runs with the time"
    return None


def _unfit_words(words: Words, label: Floats) -> str | None:
    kinds = np.unique(words.codes).size
    if kinds < 2:
        return "it says the same everywhere"
    if kinds > NAMES_FROM * len(words):
        return "it names single events"
    # Learned from every other event and asked about the rest: what only remembers does not tell.
    if _tells(learn_encoding(words[::2], label[::2])(words[1::2]), label[1::2]):
        return "it tells the label"
    return None


def _tells(values: Floats, label: Floats) -> bool:
    from sklearn.metrics import roc_auc_score

    told = ~np.isnan(label)
    frauds = label[told].sum()
    if min(frauds, told.sum() - frauds) < FRAUDS_MIN:
        return False
    area = roc_auc_score(label[told], values[told])
    return bool(max(area, 1 - area) > TELLS_FROM)
