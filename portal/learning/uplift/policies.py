"""What a rule for treating people is worth: by the experiment itself, not by what a model foretells."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from portal.learning.uplift.bootstrap import Bootstrap, Interval, interval, ratio
from portal.learning.uplift.experiment import Experiment
from portal.learning.uplift.learners import Learned
from portal.learning.windows import Floats, Ints

LEARNED, NOBODY = "learned", "nobody"


@dataclass(frozen=True, slots=True)
class Worth:
    """What outcomes are worth and treatments cost, in one unit of money.

    `cost` is by arm and spent on everybody who is treated; `cost_per_outcome` on each outcome of treated people, as a
    coupon is when it is used.
    """

    value: float = 1.0
    cost: Mapping[str, float] = field(default_factory=dict)
    cost_per_outcome: float = 0.0

    @property
    def has_cost(self) -> bool:
        return bool(self.cost_per_outcome or any(self.cost.values()))


@dataclass(frozen=True, slots=True)
class Policy:
    """The net value per person under a rule, and the share of people that it gives each arm.

    The value is doubly robust, and beside it by inverse propensity alone, self-normalised.
    `against_best_fixed` compares with the best of treating nobody and treating everybody alike, on the same draws.
    `roii` is (extra value - cost) / cost against treating nobody.
    """

    name: str
    shares: dict[str, float]
    value: Interval
    value_by_weights: Interval
    against_best_fixed: Interval
    cost: float
    roii: Interval | None


def policies(
    experiment: Experiment, learned: Learned, uplift: Floats, worth: Worth, bootstrap: Bootstrap
) -> tuple[Policy, ...]:
    """Each fixed rule, and the learned one: give everybody the arm whose net value is believed to be highest."""
    arms, rows = len(experiment.names), len(experiment)
    cost = np.array([0.0] + [worth.cost.get(name, 0.0) for name in experiment.names[1:]])
    per_outcome = np.array([0.0] + [worth.cost_per_outcome] * (arms - 1))
    scores = learned.scores(experiment)
    gained = learned.outcome[:, :1] + np.column_stack([np.zeros(rows), learned.believed(experiment, uplift)])
    choice = np.argmax((worth.value - per_outcome) * gained - cost, axis=1).astype(np.int64)
    rules: dict[str, Ints] = {NOBODY: np.zeros(rows, dtype=np.int64)}
    for arm in range(1, arms):
        rules[f"everybody: {experiment.names[arm]}"] = np.full(rows, arm, dtype=np.int64)
    rules[LEARNED] = choice
    measured = {
        name: _measured(experiment, learned, scores, rule, worth.value, cost, per_outcome, bootstrap)
        for name, rule in rules.items()
    }
    fixed = max((name for name in rules if name != LEARNED), key=lambda name: float(measured[name].net.sum()))
    return tuple(
        _policy(name, measured[name], measured[fixed], measured[NOBODY], rows, bootstrap, worth) for name in rules
    )


@dataclass(frozen=True, slots=True)
class _Sums:
    """Per group of the bootstrap: people, net value, value, cost; weighted net value, and its weights; the share
    of people that gets each arm."""

    people: Floats
    net: Floats
    gross: Floats
    cost: Floats
    weighted: Floats
    weights: Floats
    shares: dict[str, float]


def _measured(
    experiment: Experiment,
    learned: Learned,
    scores: Floats,
    rule: Ints,
    value: float,
    cost: Floats,
    per_outcome: Floats,
    bootstrap: Bootstrap,
) -> _Sums:
    rows = np.arange(rule.size)
    told = scores[rows, rule]
    gross, spent = value * told, cost[rule] + per_outcome[rule] * told
    weight = (experiment.arm == rule) / learned.propensity[rows, experiment.arm]
    net = (value - per_outcome[experiment.arm]) * experiment.outcome - cost[experiment.arm]
    return _Sums(
        people=bootstrap.sums(np.ones(rule.size)),
        net=bootstrap.sums(gross - spent),
        gross=bootstrap.sums(gross),
        cost=bootstrap.sums(spent),
        weighted=bootstrap.sums(weight * net),
        weights=bootstrap.sums(weight),
        shares={name: float((rule == arm).mean()) for arm, name in enumerate(experiment.names)},
    )


def _policy(
    name: str, mine: _Sums, fixed: _Sums, nobody: _Sums, rows: int, bootstrap: Bootstrap, worth: Worth
) -> Policy:
    people = bootstrap.drawn(mine.people)

    def mean(sums: Floats) -> Interval:
        return interval(float(sums.sum() / rows), bootstrap.drawn(sums) / people)

    by_weights = interval(
        float(mine.weighted.sum() / mine.weights.sum()) if mine.weights.any() else float("nan"),
        ratio(bootstrap.drawn(mine.weighted), bootstrap.drawn(mine.weights)),
    )
    cost = float(mine.cost.sum() / rows)
    roii = None
    if worth.has_cost and cost > 0:
        extra = mine.gross - nobody.gross - mine.cost
        roii = interval(float(extra.sum() / mine.cost.sum()), ratio(bootstrap.drawn(extra), bootstrap.drawn(mine.cost)))
    return Policy(name, mine.shares, mean(mine.net), by_weights, mean(mine.net - fixed.net), cost, roii)
