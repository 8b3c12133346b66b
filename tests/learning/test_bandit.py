"""Choosing offers while learning, and judging another rule from the log (INC-04)."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portal.bench.market import BEST_FIXED, EVERYONE, LEARNED, NO_OFFER, simulate_market
from portal.learning.bandit import EXPLORED, Bandit
from portal.learning.off_policy import Logged, evaluate

pytestmark = pytest.mark.req("INC-04")
OFFERS = ("none", "a", "b")


@settings(max_examples=25)
@given(st.integers(0, 2**32 - 1), st.lists(st.tuples(st.sampled_from(OFFERS), st.floats(-5, 5)), max_size=30))
def test_each_offer_keeps_a_chance_and_chances_are_whole(seed: int, past: list[tuple[str, float]]) -> None:
    rng = np.random.default_rng(seed)
    bandit, context = Bandit(2), np.array([1.0, 0.5])
    for offer, reward in past:
        bandit.learn(context, offer, reward)
    choice = bandit.choose(context, OFFERS, rng)
    assert sum(choice.propensities.values()) == pytest.approx(1)
    assert min(choice.propensities.values()) >= EXPLORED / len(OFFERS) - 1e-12
    assert choice.propensity == choice.propensities[choice.offer]


def test_what_is_logged_is_how_often_it_is_chosen() -> None:
    rng = np.random.default_rng(1)
    bandit, context = Bandit(1), np.array([1.0])
    for n in range(60):
        bandit.learn(context, OFFERS[n % 3], (0.2, 0.4, 0.5)[n % 3] + float(rng.normal(0, 0.3)))
    choices = [bandit.choose(context, OFFERS, rng) for _ in range(1500)]
    for one in OFFERS:
        told = float(np.mean([choice.propensities[one] for choice in choices]))
        assert told == pytest.approx(np.mean([choice.offer == one for choice in choices]), abs=0.04)


def test_a_model_survives_being_written_and_explains_its_choice() -> None:
    bandit, context = Bandit(2), np.array([1.0, 0.5])
    for n in range(50):
        bandit.learn(np.array([1.0, n / 50]), "a", n / 25)
        bandit.learn(np.array([1.0, n / 50]), "none", 0.5)
    again = Bandit.from_json(json.loads(json.dumps(bandit.to_json())))
    assert again.expects(context, "a") == pytest.approx(bandit.expects(context, "a"))
    parts = again.parts(context, "a", "none")
    assert parts.sum() == pytest.approx(again.expects(context, "a")[0] - again.expects(context, "none")[0])
    assert again.best(np.array([1.0, 0.9]), OFFERS) == "a"
    assert again.best(np.array([1.0, 0.0]), ("none", "a")) == "none"


def logged(count: int, seed: int) -> list[Logged]:
    """Offer a helps where the context is above a half, and harms below; it was chosen with a known chance."""
    rng = np.random.default_rng(seed)
    log = []
    for _ in range(count):
        value = rng.random()
        chance = 0.2 + 0.6 * value
        offer = "a" if rng.random() < chance else "none"
        reward = 1.0 + ((value - 0.5) * 2 if offer == "a" else 0.0) + rng.normal(0, 0.2)
        log.append(Logged(np.array([1.0, value]), ("none", "a"), offer, chance if offer == "a" else 1 - chance, reward))
    return log


def test_another_rule_is_priced_without_having_been_tried() -> None:
    """Always a is worth 1, a above a half 1.25, by hand."""
    held = 0
    for rule, worth in ((lambda _c, _o: "a", 1.0), (lambda c, _o: "a" if c[1] > 0.5 else "none", 1.25)):
        for seed in range(5):
            found = evaluate(logged(500, seed), rule)
            assert found is not None
            assert found.dr.value == pytest.approx(worth, abs=0.15)
            assert found.dr.high - found.dr.low < found.ips.high - found.ips.low + 0.1
            held += sum(one.low < worth < one.high for one in (found.ips, found.dr))
    assert held >= 17
    log = logged(60, 1)
    assert evaluate(log, lambda _c, _o: "never made") is None


def test_in_a_simulated_market_it_learns_to_beat_every_fixed_rule() -> None:
    """By its last visits it loses less against whoever knew everything than the best rule in hindsight does."""
    run = simulate_market(visits=4000, seeds=1, say=lambda _line: None).runs[0]
    assert run.net[LEARNED] > run.net[NO_OFFER] + 0.03
    assert run.best > run.net[BEST_FIXED] >= run.net[EVERYONE] > run.net[NO_OFFER]
    assert run.regret_tenths[-1] < run.best - run.net[BEST_FIXED]
    assert run.choose_ms < 10
