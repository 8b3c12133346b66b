"""Which offer to show to somebody who is looking: by what was learned, or by the order of the offers (INC-04).

Arrays are for those who have a model: where rules choose, nothing of them is loaded.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from portal.learning.bandit import Bandit
    from portal.learning.off_policy import Estimate, Logged
    from portal.learning.windows import Floats

NONE = "none"
# What is seen of somebody who looks: each between 0 and 1. The first is the same for all.
FEATURES = ("one", "known", "recency", "frequency", "money", "churn", "cart", "wishes", "home")
# With fewer rewards the rules choose.
SEEN_MIN = 200
# The share of choices that the rules give to all offers alike, so that there is something to learn from.
EXPLORED = 0.10
# Rewards further out than so many usual purchases count as so many: one large order must not decide.
REWARD_MAX = 5.0
# How many choices the judgement of other rules looks at.
JUDGED_MAX = 4_000
MANY = 10


@dataclass(frozen=True, slots=True)
class Looker:
    """What is known of somebody who looks. Classes are fifths, 5 the best; None where he never bought."""

    recency: int | None = None
    frequency: int | None = None
    money: int | None = None
    churn_bp: int | None = None
    cart: int = 0
    wishes: int = 0
    at_home: bool = True


@dataclass(frozen=True, slots=True)
class Chosen:
    """What was chosen, how likely each was, who said so (model, rule or draw), and the features that weighed most."""

    offer: str
    chances: Mapping[str, float]
    told_by: str
    reasons: Sequence[str] = field(default=())

    @property
    def probability(self) -> float:
        return self.chances[self.offer]


def context_of(looker: Looker) -> list[float]:
    """The features as numbers, in their order."""

    def fifth(value: int | None) -> float:
        return 0.0 if value is None else (value - 1) / 4

    return [
        1.0,
        0.0 if looker.recency is None else 1.0,
        fifth(looker.recency),
        fifth(looker.frequency),
        fifth(looker.money),
        (looker.churn_bp or 0) / 10_000,
        min(looker.cart, MANY) / MANY,
        min(looker.wishes, MANY) / MANY,
        1.0 if looker.at_home else 0.0,
    ]


def choose(context: Sequence[float], offers: Sequence[str], model: Bandit | None) -> Chosen:
    """Choose one of the offers in their order, or none at all: by the model, and by the rule without one."""
    if model is None or not is_trained(model):
        return by_rule(offers)
    import numpy as np

    names = [*offers, NONE]
    array = np.asarray(context, dtype=np.float64)
    choice = model.choose(array, names, np.random.default_rng())
    best = max(choice.expected, key=lambda name: choice.expected[name])
    reasons: list[str] = []
    if choice.offer == best and best != NONE:
        parts = model.parts(array, best, NONE)
        ranked = sorted(zip(parts.tolist(), FEATURES, strict=True), reverse=True)
        reasons = [name for part, name in ranked if part > 0 and name not in ("one", "known")][:2]
    return Chosen(choice.offer, choice.propensities, "model" if choice.offer == best else "draw", reasons)


def by_rule(offers: Sequence[str]) -> Chosen:
    """The first of them, but now and then another or none."""
    names = [*offers, NONE]
    chances = {name: EXPLORED / len(names) + (1 - EXPLORED if name == names[0] else 0.0) for name in names}
    chosen = random.SystemRandom().choices(names, weights=list(chances.values()))[0]
    return Chosen(chosen, chances, "rule" if chosen == names[0] else "draw")


def is_trained(model: Bandit) -> bool:
    """Whether it has seen enough to choose, and sees what is seen today."""
    return model.size == len(FEATURES) and model.seen >= SEEN_MIN


@dataclass(frozen=True, slots=True)
class Seen:
    """A choice and its reward in minor units. `offers` are those that could be made, in their order, without none."""

    context: Sequence[float]
    chances: Mapping[str, float]
    offers: Sequence[str]
    offer: str
    reward_minor: int


def fit(log: Sequence[Seen], *, unit_minor: int) -> Bandit:
    """Learn from all of these choices, the oldest first; a reward is counted in usual purchases of `unit_minor`."""
    import numpy as np

    from portal.learning.bandit import Bandit

    model = Bandit(len(FEATURES))
    for one in log:
        model.learn(np.asarray(one.context, dtype=np.float64), one.offer, _reward(one, unit_minor))
    return model


def judge(log: Sequence[Seen], *, unit_minor: int, names: Mapping[str, str]) -> dict[str, Any]:
    """What other ways of choosing would have brought, in usual purchases per choice, from the log alone.

    What would be chosen is learned from the older half and judged on the newer one, so that nothing is judged on what
    it was learned from. `names` are the offers to judge for everybody, with their titles. An interval is of 95 %.
    """
    import numpy as np

    from portal.learning.off_policy import Logged, evaluate

    recent = log[-JUDGED_MAX * 2 :]
    older, newer = recent[: len(recent) // 2], recent[len(recent) // 2 :]
    logged = [
        Logged(np.asarray(one.context, dtype=np.float64), [*one.offers, NONE], one.offer, one.chances[one.offer],
               _reward(one, unit_minor))
        for one in newer
    ]  # fmt: skip
    learned = fit(older, unit_minor=unit_minor)
    rules: list[tuple[str, str, Any]] = [
        ("none", "", lambda _context, _offers: NONE),
        ("rules", "", lambda _context, offers: offers[0]),
        ("learned", "", learned.best),
    ]
    for name, title in names.items():
        rules.append((name, title, lambda _c, offers, name=name: name if name in offers else NONE))
    rows = [
        {"name": name, "title": title, **_told(evaluate(logged, rule) if logged else None)}
        for name, title, rule in rules
    ]
    return {"judged": len(newer), "unit_minor": unit_minor, "as_it_was": _mean(logged), "others": rows}


def is_worse(card: Mapping[str, Any]) -> bool:
    """Whether what was learned would surely have brought less than what was done."""
    learned = next((one for one in card["others"] if one["name"] == "learned"), None)
    was = card["as_it_was"]
    return bool(learned and learned["dr"] and was and learned["dr"][2] < was[1])


def surely_below(card: Mapping[str, Any], *, costs: Mapping[str, int], least: Decimal) -> list[str]:
    """The offers whose return per unit spent lies below `least` even at the best end of its range.

    The return is what the offer for everybody brings more than none, net of the coupon, by what the coupon took off per
    choice (`costs`, in minor units). The two ranges are put at their farthest ends: who is named is named for sure.
    """
    told = {one["name"]: one["dr"] for one in card["others"]}
    none = told.get("none")
    if not none:
        return []
    return [
        name
        for name, cost in costs.items()
        if cost > 0 and (dr := told.get(name)) and (dr[2] - none[1]) * card["unit_minor"] / cost < least
    ]


def _reward(one: Seen, unit_minor: int) -> float:
    return max(min(one.reward_minor / unit_minor, REWARD_MAX), -REWARD_MAX)


def _told(estimate: Estimate | None) -> dict[str, Any]:
    if estimate is None:
        return {"matched": 0, "ips": None, "dr": None}
    ips, dr = estimate.ips, estimate.dr
    return {
        "matched": estimate.matched,
        "ips": [ips.value, ips.low, ips.high],
        "dr": [dr.value, dr.low, dr.high],
    }


def _mean(logged: Sequence[Logged]) -> list[float] | None:
    """The mean reward as it was, with its interval."""
    import numpy as np

    if not logged:
        return None
    rewards: Floats = np.array([one.reward for one in logged])
    rng = np.random.default_rng(20)
    drawn = rewards[rng.integers(0, len(rewards), (500, len(rewards)))].mean(axis=1)
    low, high = np.quantile(drawn, (0.025, 0.975))
    return [float(rewards.mean()), float(low), float(high)]
