"""What an offer added, by assignment (INC-05)."""

from __future__ import annotations

import numpy as np
import pytest

from portal.learning.incremental import Outcomes, measure
from portal.learning.uplift.sample_ratio import is_as_planned

pytestmark = pytest.mark.req("INC-05")


def outcomes(treated: int, control: int, *, lift: float, cost: float, seed: int = 3) -> Outcomes:
    """A tenth of the people buy for 100 anyway; the offer brings `lift` more of those with a high score."""
    rng = np.random.default_rng(seed)
    arm = np.arange(treated + control) < treated
    score = rng.random(arm.size)
    chance = 0.1 + np.where(arm, 2 * lift * (score > 0.5), 0)
    bought = rng.random(arm.size) < chance
    return Outcomes(arm, np.where(bought, 100.0, 0.0), np.where(arm & bought, cost, 0.0), score)


def test_the_truth_lies_within_the_intervals() -> None:
    found = measure(outcomes(4000, 1000, lift=0.1, cost=20.0))
    assert found is not None
    assert (found.treated, found.control) == (4000, 1000)
    assert found.revenue_each.low < 10.0 < found.revenue_each.high
    assert found.revenue.value == pytest.approx(found.revenue_each.value * 4000)
    assert found.conversion_change.low < 0.1 < found.conversion_change.high
    assert found.roii is not None
    # 40,000 more for 800 purchases of which each costs 20: (40,000 - 16,000) / 16,000, by hand.
    assert found.roii.low < 1.5 < found.roii.high
    assert found.qini is not None
    assert found.qini.low > 0


def test_a_coupon_is_taken_off_what_is_paid_and_not_once_more() -> None:
    """A coupon that changes nothing gives everything away: a return of -1, and not of -2."""
    arm = np.arange(2000) < 1000
    bought = np.arange(2000) % 2 == 0
    paid = np.where(bought, np.where(arm, 80.0, 100.0), 0.0)
    found = measure(Outcomes(arm, paid, np.where(arm & bought, 20.0, 0.0), np.zeros(2000), is_net=True))
    assert found is not None
    assert found.roii is not None
    assert found.roii.value == pytest.approx(-1.0)


def test_what_adds_nothing_is_not_said_to() -> None:
    found = measure(outcomes(2000, 500, lift=0.0, cost=0.0))
    assert found is not None
    assert found.revenue.low < 0 < found.revenue.high
    assert found.roii is None


@pytest.mark.parametrize(("treated", "control"), [(0, 0), (500, 0), (500, 19), (0, 500)])
def test_without_both_groups_there_is_no_figure(treated: int, control: int) -> None:
    assert measure(outcomes(treated, control, lift=0.1, cost=1.0)) is None


def test_groups_that_are_not_as_planned_are_noticed() -> None:
    found = [is_as_planned(people, (0.9, 0.1)) for people in ((900, 100), (870, 130), (950, 50), (0, 0))]
    assert found == [True, True, False, True]
    assert [is_as_planned(people, (1.0, 0.0)) for people in ((100, 0), (99, 1))] == [True, False]
