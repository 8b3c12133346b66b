"""What an offer adds, learned only from who was drawn at random (INC-01)."""

from __future__ import annotations

import numpy as np
import pytest

from portal.learning.response import fit_response, response_bp

pytestmark = pytest.mark.req("INC-01")


def test_the_response_is_found_where_it_is() -> None:
    """An offer adds 0.3 times the churn risk; a tenth of one half and a half of the other are in control."""
    rng = np.random.default_rng(4)
    people = 20_000
    churn, offered = rng.random(people), np.where(np.arange(people) % 2, 0.9, 0.5)
    treated = rng.random(people) < offered
    bought = (rng.random(people) < 0.3 - 0.2 * churn + np.where(treated, 0.3 * churn, 0)).astype(np.float64)
    curve = fit_response(treated, bought, churn, np.where(treated, offered, 1 - offered))
    assert curve is not None
    told = response_bp(curve, np.array([0, 5_000, 10_000]))
    assert told == pytest.approx([0, 1_500, 3_000], abs=350)


@pytest.mark.parametrize("control", [0, 199])
def test_with_too_few_drawn_nothing_is_said(control: int) -> None:
    treated = np.arange(1000) >= control
    ones = np.ones(1000)
    assert fit_response(treated, ones, ones / 2, ones / 2) is None
