"""What another rule of choosing would have brought, from what one rule chose at random: IPS and doubly robust (INC-04).

Horvitz-Thompson weights, their self-normalised form, and Dudík, Langford and Li, "Doubly Robust Policy Evaluation and
Learning" (ICML 2011). Intervals are those of the bootstrap over choices.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from portal.learning.bandit import Bandit
from portal.learning.uplift.bootstrap import Interval
from portal.learning.windows import Floats

DRAWS = 500
CHOICES_MIN = 50


@dataclass(frozen=True, slots=True)
class Logged:
    """A choice as it was made: the context, what could be offered, what was, how likely that was, what it brought."""

    context: Floats
    offers: Sequence[str]
    offer: str
    propensity: float
    reward: float


@dataclass(frozen=True, slots=True)
class Estimate:
    """The mean reward per choice under another rule; `matched` choices were as that rule would have made them."""

    ips: Interval
    dr: Interval
    matched: int


# Which of the offers a rule makes in a context.
Rule = Callable[[Floats, Sequence[str]], str]


def evaluate(log: Sequence[Logged], rule: Rule, *, seed: int = 20) -> Estimate | None:
    """Estimate a rule from a log; None where fewer than CHOICES_MIN choices were as it would have made them.

    The models that the doubly robust estimate leans on are fitted crosswise, on the other half of the log.
    """
    chosen = [rule(one.context, one.offers) for one in log]
    reward = np.array([one.reward for one in log])
    is_same = np.array([mine == one.offer for mine, one in zip(chosen, log, strict=True)], dtype=np.bool_)
    matched = int(is_same.sum())
    if matched < CHOICES_MIN:
        return None
    weight = is_same / np.array([one.propensity for one in log])
    told, real = np.zeros(len(log)), np.zeros(len(log))
    for half in (0, 1):
        model = Bandit(len(log[0].context))
        for one in log[half::2]:
            model.learn(one.context, one.offer, one.reward)
        weights = {name: arm.weights(model.variance) for name, arm in model.arms.items()}
        for place in range(1 - half, len(log), 2):
            one = log[place]
            told[place] = float(one.context @ weights[chosen[place]]) if chosen[place] in weights else 0.0
            real[place] = float(one.context @ weights[one.offer]) if one.offer in weights else 0.0
    parts = told + weight * (reward - real)
    rng = np.random.default_rng(seed)
    draws = rng.integers(0, len(log), (DRAWS, len(log)))
    with np.errstate(invalid="ignore", divide="ignore"):
        drawn = (weight * reward)[draws].sum(axis=1) / weight[draws].sum(axis=1)
    return Estimate(
        _interval(float((weight * reward).sum() / weight.sum()), drawn[np.isfinite(drawn)]),
        _interval(float(parts.mean()), parts[draws].mean(axis=1)),
        matched,
    )


def _interval(value: float, drawn: Floats) -> Interval:
    low, high = np.quantile(drawn, (0.025, 0.975))
    return Interval(value, float(low), float(high))
