"""How good scores are: ranking, what reviewers would find, and whether a probability is one (FRD-09)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from portal.learning.windows import DAY_S, Floats, Ints

CARDS_A_DAY = 100
# Where the ranking is cut, from the least suspicious on: frauds are rare, so the end is looked at closely.
CUTS = (0.5, 0.8, 0.9, 0.95, 0.98, 0.99, 0.999)

Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Band:
    """Events in a part of the ranking: what share of frauds was foretold, and what came."""

    events: int
    foretold: float
    came: float


@dataclass(frozen=True, slots=True)
class Report:
    """The measures of one period. None where there is nothing to divide by, such as a period without frauds.

    `card_precision_at_best` is what a perfect ranking would have: with fewer defrauded customers a day than are asked
    about, far below 1. `brier_of_share` is the Brier score of who foretells of each event the share of frauds: what
    knowing nothing is worth.
    """

    events: int
    frauds: int
    roc_auc: float | None
    average_precision: float | None
    card_precision_at_100: float | None
    brier: float | None
    bands: tuple[Band, ...]
    brier_of_share: float | None = None
    card_precision_at_best: float | None = None


def measure(*, at_s: Floats, label: Floats, margin: Floats, probability: Floats, customer: Ints | None) -> Report:
    """Measure labelled events; those without a label are left aside."""
    from sklearn.metrics import average_precision_score, brier_score_loss, roc_auc_score

    told = ~np.isnan(label)
    at_s, label, margin, probability = at_s[told], label[told], margin[told], probability[told]
    frauds = int(label.sum())
    has_both = 0 < frauds < label.size
    # Where nobody is known, each event is somebody.
    people = np.arange(label.size) if customer is None else customer[told]
    return Report(
        events=int(label.size),
        frauds=frauds,
        roc_auc=float(roc_auc_score(label, margin)) if has_both else None,
        average_precision=float(average_precision_score(label, margin)) if has_both else None,
        card_precision_at_100=card_precision(at_s, label, margin, people),
        brier=float(brier_score_loss(label, probability)) if label.size else None,
        bands=_bands(label, probability),
        brier_of_share=float(label.mean() * (1 - label.mean())) if label.size else None,
        card_precision_at_best=card_precision(at_s, label, label, people),
    )


def card_precision(
    at_s: Floats, label: Floats, margin: Floats, customer: Ints, *, k: int = CARDS_A_DAY
) -> float | None:
    """Of the `k` customers that look worst on each day, the share that was defrauded on it, meaned over the days.

    Who was found on one day is not asked about on the next (the handbook's card precision top-k, chapter 4).
    """
    found: set[int] = set()
    precisions: list[float] = []
    days = np.floor(at_s / DAY_S)
    for day in np.unique(days):
        today = days == day
        people, place = np.unique(customer[today], return_inverse=True)
        worst, defrauded = np.full(people.size, -np.inf), np.zeros(people.size)
        np.maximum.at(worst, place, margin[today])
        np.maximum.at(defrauded, place, label[today])
        asked = np.array([int(person) not in found for person in people], dtype=bool)
        people, worst, defrauded = people[asked], worst[asked], defrauded[asked]
        top = np.argsort(-worst, kind="stable")[:k]
        if top.size:
            precisions.append(float(defrauded[top].sum()) / k)
            found |= {int(person) for person in people[top[defrauded[top] == 1]]}
    return float(np.mean(precisions)) if precisions else None


def not_known_yet(at_s: Floats, label: Floats, customer: Ints, *, delay_s: float, since_s: float) -> Flags:
    """Events of customers whose frauds nobody knew of by the beginning of the day: the others were stopped already.

    Known are the frauds from `since_s` on that are older than the delay (the handbook's test set, chapter 3: of its
    training and of each day since).
    """
    fraud = (label == 1) & (at_s >= since_s)
    order = np.lexsort((at_s[fraud], customer[fraud]))
    when_s, whose = at_s[fraud][order], customer[fraud][order]
    # The first fraud of each customer is the first that is told.
    people, first = np.unique(whose, return_index=True)
    if not people.size:
        return np.ones(at_s.size, dtype=np.bool_)
    place = np.minimum(np.searchsorted(people, customer), people.size - 1)
    told_s = np.where(people[place] == customer, when_s[first][place], np.inf)
    return np.asarray(told_s >= np.floor(at_s / DAY_S) * DAY_S - delay_s)


def _bands(label: Floats, probability: Floats) -> tuple[Band, ...]:
    order = np.argsort(probability, kind="stable")
    return tuple(
        Band(int(some.size), float(probability[some].mean()), float(label[some].mean()))
        for some in np.split(order, [int(order.size * cut) for cut in CUTS])
        if some.size
    )
