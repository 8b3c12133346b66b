"""Choosing among offers while learning: Thompson sampling over one linear model of the reward per offer (INC-04).

Agrawal and Goyal, "Thompson Sampling for Contextual Bandits with Linear Payoffs" (ICML 2013). An offer's reward is
normal around context times weights; the weights have a normal prior. How likely each offer is to be chosen is counted
over many draws, mixed with a little chance for every one, and the choice is drawn from that: the propensity that is
logged is exact, and never so small that nothing can be learned from it later.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from portal.learning.windows import Floats

DRAWS = 512
# The chance that all offers share, whatever is thought of them.
EXPLORED = 0.05
# How far weights lie from zero, as is believed beforehand; rewards are in usual purchases.
PRIOR_VARIANCE = 0.25
# How far rewards lie around what is expected is counted; before so many it is taken to be one.
COUNTED_FROM, VARIANCE_MIN = 30, 0.01


@dataclass(slots=True)
class Arm:
    """What was learned of one offer: sums over the contexts it was made in, and over contexts times rewards."""

    gram: Floats
    moment: Floats
    seen: int = 0

    @classmethod
    def blank(cls, size: int) -> Arm:
        return cls(np.zeros((size, size)), np.zeros(size))

    def weights(self, variance: float) -> Floats:
        """The most likely weights."""
        return np.asarray(np.linalg.solve(self._precision(variance), self.moment / variance), dtype=np.float64)

    def expects(self, context: Floats, variance: float) -> tuple[float, float]:
        """The reward expected in a context, and the standard deviation of that expectation."""
        asked = np.column_stack([self.moment / variance, context])
        solved = np.linalg.solve(self._precision(variance), asked)
        return float(context @ solved[:, 0]), max(float(context @ solved[:, 1]), 0.0) ** 0.5

    def _precision(self, variance: float) -> Floats:
        return np.asarray(self.gram / variance + np.eye(len(self.moment)) / PRIOR_VARIANCE)


@dataclass(frozen=True, slots=True)
class Choice:
    """What was chosen: the offer, how likely each one was, and the reward expected of each."""

    offer: str
    propensities: Mapping[str, float]
    expected: Mapping[str, float]

    @property
    def propensity(self) -> float:
        return self.propensities[self.offer]


@dataclass(slots=True)
class Bandit:
    """Models of offers by name. One that was never seen has the prior."""

    size: int
    arms: dict[str, Arm] = field(default_factory=dict)
    # How many rewards there were, what they add up to, and their squares.
    seen: int = 0
    total: float = 0.0
    squares: float = 0.0

    @property
    def variance(self) -> float:
        """How far rewards lie around their mean, squared."""
        if self.seen < COUNTED_FROM:
            return 1.0
        return max(self.squares / self.seen - (self.total / self.seen) ** 2, VARIANCE_MIN)

    def choose(self, context: Floats, offers: Sequence[str], rng: np.random.Generator) -> Choice:
        """Choose one of the offers that may be made. Raises ValueError without any."""
        if not offers:
            raise ValueError("nothing may be offered")
        expected = np.array([self.expects(context, one) for one in offers])
        drawn = expected[:, 0] + expected[:, 1] * rng.standard_normal((DRAWS, len(offers)))
        shares = np.bincount(drawn.argmax(axis=1), minlength=len(offers)) / DRAWS
        chances = (1 - EXPLORED) * shares + EXPLORED / len(offers)
        chosen = int(rng.choice(len(offers), p=chances))
        return Choice(
            offers[chosen],
            dict(zip(offers, chances.tolist(), strict=True)),
            dict(zip(offers, expected[:, 0].tolist(), strict=True)),
        )

    def best(self, context: Floats, offers: Sequence[str]) -> str:
        """The offer of the highest expected reward, without trying anything."""
        return max(offers, key=lambda one: self.expects(context, one)[0])

    def expects(self, context: Floats, offer: str) -> tuple[float, float]:
        """The reward expected of an offer in a context, and how unsure that is: a standard deviation."""
        return self._arm(offer).expects(context, self.variance)

    def learn(self, context: Floats, offer: str, reward: float) -> None:
        """Take in what came of an offer."""
        arm = self.arms.setdefault(offer, Arm.blank(self.size))
        arm.gram += np.outer(context, context)
        arm.moment += context * reward
        arm.seen += 1
        self.seen += 1
        self.total += reward
        self.squares += reward**2

    def parts(self, context: Floats, offer: str, against: str) -> Floats:
        """What each feature adds to the expected difference between two offers; they sum to it."""
        mine, other = (self._arm(one).weights(self.variance) for one in (offer, against))
        return np.asarray(context * (mine - other), dtype=np.float64)

    def to_json(self) -> dict[str, Any]:
        return {
            "size": self.size,
            "seen": self.seen,
            "total": self.total,
            "squares": self.squares,
            "arms": {
                name: {"gram": arm.gram.tolist(), "moment": arm.moment.tolist(), "seen": arm.seen}
                for name, arm in self.arms.items()
            },
        }

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> Bandit:
        arms = {
            name: Arm(np.array(one["gram"]), np.array(one["moment"]), one["seen"]) for name, one in kept["arms"].items()
        }
        return cls(kept["size"], arms, kept["seen"], kept["total"], kept["squares"])

    def _arm(self, offer: str) -> Arm:
        return self.arms.get(offer) or Arm.blank(self.size)
