"""BG/NBD and Gamma-Gamma: the published parameters, and what must hold for every customer (INC-01)."""

from __future__ import annotations

import csv
import gzip
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.learning.lifetime import (
    BgNbd,
    Customers,
    GammaGamma,
    Numbers,
    TooLittleError,
    fit_bg_nbd,
    fit_gamma_gamma,
)

pytestmark = pytest.mark.req("INC-01")
CDNOW = Path(__file__).parents[2].parent / "shared" / "data" / "cdnow"
needs_cdnow = pytest.mark.skipif(not CDNOW.is_dir(), reason="The CDNOW data are not beside the project.")
Columns = dict[str, Numbers]
PUBLISHED = BgNbd(r=0.243, alpha=4.414, a=0.793, b=2.426, log_likelihood=-9582.4)
VALUES = GammaGamma(p=6.25, q=3.74, v=15.44, log_likelihood=-4055.9)


def one(x: float, t_x: float, age: float) -> Customers:
    return Customers(np.array([x]), np.array([t_x]), np.array([age]))


@pytest.fixture(scope="module")
def sample() -> Columns:
    with gzip.open(CDNOW / "cdnow_customers_summary_with_transactions.csv.gz", "rt") as file:
        rows = list(csv.DictReader(file))
    return {name: np.array([float(row[name]) for row in rows]) for name in ("x", "t_x", "T", "zbar")}


@needs_cdnow
def test_the_published_parameters_come_out(sample: Columns) -> None:
    found = fit_bg_nbd(Customers(sample["x"], sample["t_x"], sample["T"]))
    assert (round(found.r, 3), round(found.alpha, 3), round(found.a, 3), round(found.b, 3)) == (
        0.243,
        4.414,
        0.793,
        2.426,
    )
    assert found.log_likelihood == pytest.approx(-9582.4, abs=0.05)
    values = fit_gamma_gamma(sample["x"], sample["zbar"])
    assert (values.p, values.q, values.v) == pytest.approx((6.25, 3.74, 15.45), abs=0.01)


@needs_cdnow
def test_the_unit_of_time_changes_nothing_but_alpha(sample: Columns) -> None:
    weeks = fit_bg_nbd(Customers(sample["x"], sample["t_x"], sample["T"]))
    days = fit_bg_nbd(Customers(sample["x"], sample["t_x"] * 7, sample["T"] * 7))
    assert (days.r, days.alpha, days.a, days.b) == pytest.approx((weeks.r, weeks.alpha * 7, weeks.a, weeks.b), rel=1e-3)


def test_the_papers_example_comes_out() -> None:
    """Two repeat purchases, the last after 30.43 of 38.86 weeks: 1.226 purchases are expected in the next 39."""
    assert PUBLISHED.expected(one(2, 30.43, 38.86), 39)[0] == pytest.approx(1.226, abs=0.002)


@given(st.integers(0, 60), st.floats(0, 1), st.floats(0.1, 200), st.floats(0.01, 200), st.floats(0.01, 200))
def test_more_time_never_means_fewer_purchases(x: int, share: float, age: float, ahead: float, more: float) -> None:
    customer = one(x, share * age if x else 0.0, age)
    assert 0 < PUBLISHED.alive(customer)[0] <= 1
    soon, later = PUBLISHED.expected(customer, ahead)[0], PUBLISHED.expected(customer, ahead + more)[0]
    assert 0 <= soon <= later + 1e-9
    assert np.isfinite(later)


@given(st.integers(1, 200), st.floats(0.01, 10_000))
def test_what_is_expected_lies_between_the_customers_own_mean_and_that_of_all(x: int, mean: float) -> None:
    population = VALUES.p * VALUES.v / (VALUES.q - 1)
    found = VALUES.expected(np.array([float(x)]), np.array([mean]))[0]
    assert min(mean, population) - 1e-6 <= found <= max(mean, population) + 1e-6


@pytest.mark.parametrize("count", [0, 1, 19])
def test_too_few_who_came_again_are_refused(count: int) -> None:
    ones, ages = np.ones(count), np.full(count, 3.0)
    with pytest.raises(TooLittleError):
        fit_bg_nbd(Customers(ones, ones, ages))
    with pytest.raises(TooLittleError):
        fit_gamma_gamma(ones, ones)
