"""Customers of a mall scored from their days of purchase: RFM, BG/NBD and Gamma-Gamma (INC-01).

A model is fitted to everybody, and kept as numbers; by these one customer is scored as well as all.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from portal.learning.lifetime import (
    BgNbd,
    Customers,
    GammaGamma,
    Numbers,
    TooLittleError,
    fit_bg_nbd,
    fit_gamma_gamma,
)
from portal.learning.response import Curve, response_bp

Whole = npt.NDArray[np.int64]
# How many days ahead purchases, their value and churn are foretold.
AHEAD_DAYS = 90
# Parameters say the same of so many customers, drawn at random, as of all.
FIT_FROM_MAX = 30_000
_BP = 10_000
# Where nothing of a customer's value is known, the mean of a heavy tail says nothing: it ends here, in means of all.
_MEAN_MAX = 100.0


@dataclass(frozen=True, slots=True)
class Histories:
    """One row per customer: days with purchases, days since the first and the last of them, what he spent in all, and
    on his first day, in minor units."""

    purchases: Numbers
    age: Numbers
    since: Numbers
    spent: Numbers
    first_spent: Numbers

    def __len__(self) -> int:
        return len(self.purchases)

    def some(self, most: int) -> Histories:
        """At most so many of them, drawn at random and always the same."""
        if len(self) <= most:
            return self
        rows = np.random.default_rng(20).choice(len(self), most, replace=False)
        return Histories(
            self.purchases[rows], self.age[rows], self.since[rows], self.spent[rows], self.first_spent[rows]
        )

    @property
    def customers(self) -> Customers:
        return Customers(self.purchases - 1, self.age - self.since, self.age)

    @property
    def later_mean(self) -> Numbers:
        """The mean of purchases after the first one, which Gamma-Gamma is about; 0 without any."""
        later = self.purchases - 1
        return np.where(later > 0, (self.spent - self.first_spent) / np.maximum(later, 1), 0.0)


@dataclass(frozen=True, slots=True)
class ScoreModel:
    """What scores are computed by. `edges` part customers into fifths: of days since, purchases, spending.

    `counts` and `values` are None where too few had come again; `reason` says it then. `response` is what an offer adds
    by churn risk, None where too few were drawn at random.
    """

    edges: tuple[tuple[float, ...], tuple[float, ...], tuple[float, ...]]
    counts: BgNbd | None
    values: GammaGamma | None
    mean: float
    reason: str | None = None
    response: Curve | None = None

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, kept: dict[str, Any]) -> ScoreModel:
        since, often, much = (tuple(one) for one in kept["edges"])
        return cls(
            (since, often, much),
            BgNbd(**kept["counts"]) if kept["counts"] else None,
            GammaGamma(**kept["values"]) if kept["values"] else None,
            kept["mean"],
            kept["reason"],
            tuple(kept["response"]) if kept.get("response") else None,
        )


@dataclass(frozen=True, slots=True)
class Scored:
    """Whole numbers per customer: fifths from 1 to 5, thousandths of purchases, minor units, basis points."""

    recency: Whole
    frequency: Whole
    money: Whole
    expected_milli: Whole | None
    expected_minor: Whole | None
    churn_bp: Whole | None
    response_bp: Whole | None = None


def fit(histories: Histories) -> ScoreModel:
    """Fit to all customers. With too few who came again there are classes only."""
    edges = (_edges(-histories.since), _edges(histories.purchases), _edges(histories.spent))
    mean = float(histories.spent.sum() / max(histories.purchases.sum(), 1))
    some = histories.some(FIT_FROM_MAX)
    try:
        counts = fit_bg_nbd(some.customers)
    except TooLittleError as reason:
        return ScoreModel(edges, None, None, mean, str(reason))
    try:
        values = fit_gamma_gamma(some.purchases - 1, some.later_mean)
    except TooLittleError as reason:
        return ScoreModel(edges, counts, None, mean, str(reason))
    return ScoreModel(edges, counts, values, mean)


def score(model: ScoreModel, histories: Histories) -> Scored:
    """Score customers, one or all, by a model."""
    since, often, much = model.edges
    classes = (
        _class(-histories.since, since),
        _class(histories.purchases, often),
        _class(histories.spent, much),
    )
    if model.counts is None:
        return Scored(*classes, None, None, None)
    customers = histories.customers
    expected = model.counts.expected(customers, AHEAD_DAYS)
    churn = 1 - model.counts.alive(customers) * _comes(model.counts, customers)
    value = None
    if model.values is not None:
        each = model.values.expected(customers.frequency, histories.later_mean)
        value = _whole(expected * np.minimum(each, _MEAN_MAX * max(model.mean, 1.0)))
    churn_bp = _whole(np.clip(churn, 0, 1) * _BP)
    response = response_bp(model.response, churn_bp) if model.response else None
    return Scored(*classes, _whole(expected * 1000), value, churn_bp, response)


def _comes(model: BgNbd, customers: Customers) -> Numbers:
    """The chance that one who is still a customer buys within the time ahead.

    Of one alive the rate is Gamma(r + x, alpha + age), and he can only leave by buying: so none of his purchases has
    the chance ((alpha + age) / (alpha + age + ahead)) ** (r + x).
    """
    span = model.alpha + customers.age
    return np.asarray(1 - (span / (span + AHEAD_DAYS)) ** (model.r + customers.frequency), dtype=np.float64)


def _edges(values: Numbers) -> tuple[float, ...]:
    return tuple(float(one) for one in np.quantile(values, (0.2, 0.4, 0.6, 0.8))) if len(values) else (0.0,) * 4


def _class(values: Numbers, edges: tuple[float, ...]) -> Whole:
    return np.searchsorted(np.array(edges), values, side="left").astype(np.int64) + 1


def _whole(values: Numbers) -> Whole:
    return np.rint(values).astype(np.int64)
