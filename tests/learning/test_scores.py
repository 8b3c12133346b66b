"""Scores from days of purchase: fifths, expected purchases, churn; one customer scored as all are (INC-01)."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.learning.lifetime import BgNbd, Numbers
from portal.learning.scores import AHEAD_DAYS, Histories, ScoreModel, fit, score

pytestmark = pytest.mark.req("INC-01")
MODEL = ScoreModel(
    ((-200.0, -100.0, -50.0, -10.0), (1.0, 2.0, 3.0, 5.0), (10.0, 20.0, 30.0, 40.0)),
    BgNbd(r=0.5, alpha=40.0, a=0.8, b=2.4, log_likelihood=0.0),
    None,
    20.0,
)


def row(purchases: float = 4, age: float = 300, since: float = 20, spent: float = 100) -> Histories:
    return Histories(*(np.array([float(one)]) for one in (purchases, age, since, spent, spent / purchases)))


def simulated(customers: int, ahead: float, seed: int = 7) -> tuple[Histories, Numbers]:
    """People who buy at a rate and leave by chance after a purchase, and how often they buy within the time ahead."""
    rng = np.random.default_rng(seed)
    rate, leave = rng.gamma(0.8, 1 / 60, customers), rng.beta(1.2, 4.0, customers)
    age = rng.uniform(100, 700, customers)
    rows, later = [], np.zeros(customers)
    for n in range(customers):
        at, times = 0.0, [0.0]
        while rng.random() > leave[n] or len(times) == 1:
            at += rng.exponential(1 / rate[n])
            if at > age[n] + ahead:
                break
            times.append(at)
        before = [one for one in times if one <= age[n]]
        later[n] = len(times) - len(before)
        rows.append((len(before), age[n], age[n] - before[-1], 10.0 * len(before), 10.0))
    return Histories(*np.array(rows).T), later


def test_churn_is_as_frequent_as_it_is_foretold() -> None:
    """In deciles of the foretold chance, so many bought nothing: at most 6 points off, 2 on average."""
    histories, later = simulated(2500, AHEAD_DAYS)
    churn = score(fit(histories), histories).churn_bp
    assert churn is not None
    tenths = np.array_split(np.argsort(churn, kind="stable"), 10)
    off = [abs(float((later[some] == 0).mean()) - float(churn[some].mean()) / 10_000) for some in tenths]
    assert max(off) < 0.08
    assert sum(off) / len(off) < 0.03


def test_a_model_is_kept_as_numbers_and_scores_alike() -> None:
    histories, _ = simulated(150, 30)
    model = fit(histories)
    again = ScoreModel.from_json(model.to_json())
    assert again == model
    every = score(again, histories)
    one = score(again, Histories(*(column[5:6] for column in (
        histories.purchases, histories.age, histories.since, histories.spent, histories.first_spent
    ))))  # fmt: skip
    assert every.expected_milli is not None
    assert one.expected_milli is not None
    assert every.expected_milli[5] == one.expected_milli[0]


def test_with_too_few_there_are_classes_only() -> None:
    model = fit(row())
    found = score(model, row())
    assert model.reason
    assert (found.expected_milli, found.churn_bp) == (None, None)
    assert 1 <= found.recency[0] <= 5


@given(st.integers(2, 50), st.floats(1, 700), st.floats(0, 1))
def test_who_stays_away_longer_is_more_likely_gone(purchases: int, age: float, part: float) -> None:
    near, far = score(MODEL, row(purchases, age, age * part / 2)), score(MODEL, row(purchases, age, age * part))
    assert near.churn_bp is not None
    assert far.churn_bp is not None
    assert 0 <= near.churn_bp[0] <= far.churn_bp[0] <= 10_000
    assert near.recency[0] >= far.recency[0]


@given(st.integers(1, 50), st.integers(1, 50), st.floats(1, 10_000))
def test_who_buys_more_is_in_no_lower_class(few: int, many: int, spent: float) -> None:
    low, high = sorted((few, many))
    assert score(MODEL, row(low)).frequency[0] <= score(MODEL, row(high)).frequency[0]
    assert score(MODEL, row(spent=spent)).money[0] <= score(MODEL, row(spent=spent + 10)).money[0]
