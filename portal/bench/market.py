"""A simulated market in which offers are chosen for customers, to see what choosing by learning is worth (INC-04).

Customers differ in how often they buy anyway, what they spend, and what an offer changes: some buy only with one, some
buy anyway and only cost money, some are put off. None of that is told to whoever chooses; he sees the features that the
mall has, and what came of his own choices. What would have been best is known to the simulation alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from portal.learning.bandit import Bandit
from portal.learning.off_policy import Estimate, Logged, evaluate
from portal.learning.windows import Floats

NONE = "none"
# The share of a purchase that each offer takes off; free shipping takes a fixed amount.
OFFERS: Mapping[str, tuple[float, float]] = {
    NONE: (0.0, 0.0),
    "five_percent": (0.05, 0.0),
    "fifteen_percent": (0.15, 0.0),
    "free_shipping": (0.0, 0.08),
}
NAMES = tuple(OFFERS)
FEATURES = ("one", "recency", "frequency", "money", "cart", "churn", "home")
NO_OFFER, EVERYONE, BEST_FIXED, LEARNED = "no offer", "everyone (15 %)", "best fixed rule", "learned"


@dataclass(frozen=True, slots=True)
class Visitors:
    """One row per visit: what is seen, and the chance and the worth of a purchase under each offer."""

    context: Floats
    chance: Floats
    worth: Floats

    @property
    def reward(self) -> Floats:
        """The net revenue that is expected of each offer, in usual purchases."""
        return self.chance * self.worth


@dataclass(frozen=True, slots=True)
class Run:
    """One seed: mean net revenue per visit of each way of choosing, and the learned one's regret by tenths."""

    net: Mapping[str, float]
    fixed_rule: str
    best: float
    regret_tenths: Sequence[float]
    shares: Mapping[str, float]
    estimate: Estimate | None
    estimated_truth: float
    choose_ms: float


@dataclass(frozen=True, slots=True)
class Spread:
    """A mean over seeds with its 95 % interval."""

    mean: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Market:
    """All seeds."""

    visits: int
    runs: Sequence[Run]

    def spread(self, of: Callable[[Run], float]) -> Spread:
        """A figure's mean over the seeds, and Student's interval for it."""
        from scipy.stats import t

        values = np.array([of(run) for run in self.runs])
        mean = float(values.mean())
        if len(values) < 2:
            return Spread(mean, mean, mean)
        half = float(t.ppf(0.975, len(values) - 1) * values.std(ddof=1) / np.sqrt(len(values)))
        return Spread(mean, mean - half, mean + half)


def visitors(count: int, rng: np.random.Generator) -> Visitors:
    """So many visits of a population."""
    recency, frequency, money, cart, churn = rng.random((5, count))
    at_home = (rng.random(count) < 0.5).astype(np.float64)
    context = np.column_stack([np.ones(count), recency, frequency, money, cart, churn, at_home])
    base = 1 / (1 + np.exp(3.0 - 1.6 * frequency - 1.4 * cart * (1 - at_home) + 1.5 * churn))
    # What an offer adds: most for those who are about to leave, little for who comes anyway.
    moved = {
        NONE: np.zeros(count),
        "five_percent": 0.02 + 0.06 * churn * (1 - frequency),
        "fifteen_percent": 0.01 + 0.32 * churn * (1 - frequency) - 0.04 * frequency,
        "free_shipping": 0.20 * (cart - 0.45) * (1 - at_home),
    }
    chance = np.clip(np.column_stack([base + moved[name] for name in NAMES]), 0, 1)
    size = 0.6 + 1.2 * money
    worth = np.column_stack([size * (1 - share) - fixed for share, fixed in OFFERS.values()])
    return Visitors(context, chance, worth)


def simulate_market(*, visits: int, seeds: int, say: Callable[[str], None]) -> Market:
    """Run the loop once per seed."""
    runs = []
    for seed in range(seeds):
        runs.append(_run(visits, seed))
        say(f"portal: seed {seed + 1} of {seeds}")
    return Market(visits, runs)


def fixed_rules() -> dict[str, Callable[[Floats], int]]:
    """Rules as people write them: one offer for all, or for those on one side of a bound of one feature."""
    rules: dict[str, Callable[[Floats], int]] = {name: (lambda _row, n=n: n) for n, name in enumerate(NAMES)}  # type: ignore[misc]  # mypy does not infer a lambda's default.
    for n, name in enumerate(NAMES[1:], start=1):
        for place, feature in enumerate(FEATURES[1:-1], start=1):
            for bound in (0.25, 0.5, 0.75):
                above = f"{name} if {feature} > {bound}"
                rules[above] = lambda row, n=n, place=place, bound=bound: n if row[place] > bound else 0  # type: ignore[misc]  # As above.
    return rules


def market_lines(market: Market) -> Iterator[str]:
    """What was measured, in words."""
    yield f"{len(market.runs)} runs of {market.visits:,} visits; net revenue per visit in usual purchases"
    for name in (NO_OFFER, EVERYONE, BEST_FIXED, LEARNED):
        yield f"{name:<18}{_shown(market.spread(lambda run, name=name: run.net[name]))}"  # type: ignore[misc]  # mypy does not infer a lambda's default.
    for name in (NO_OFFER, EVERYONE, BEST_FIXED):
        gain = market.spread(lambda run, name=name: run.net[LEARNED] - run.net[name])  # type: ignore[misc]  # As above.
        yield f"{'learned less ' + name:<32}{_shown(gain)}"
    for what, place in (("first", 0), ("last", -1)):
        lost = market.spread(lambda run, place=place: run.regret_tenths[place])  # type: ignore[misc]  # As above.
        yield f"regret per visit, {what + ' tenth':<14}{_shown(lost)}"
    yield f"the best rule of {len(fixed_rules())} was: {', '.join(sorted({run.fixed_rule for run in market.runs}))}"
    estimates = [(run.estimate, run.estimated_truth) for run in market.runs if run.estimate]
    for name in ("ips", "dr"):
        intervals = [(getattr(one, name), truth) for one, truth in estimates]
        held = sum(one.low <= truth <= one.high for one, truth in intervals)
        yield f"its value by {name.upper()} from the log: the interval holds the truth in {held} of {len(intervals)}"
    yield f"choosing took {market.spread(lambda run: run.choose_ms).mean:.2f} ms"


def market_json(market: Market) -> dict[str, Any]:
    """The same for programs."""
    return {"visits": market.visits, "runs": [asdict(run) for run in market.runs]}


def _shown(spread: Spread) -> str:
    return f"{spread.mean:8.4f}  [{spread.low:.4f}, {spread.high:.4f}]"


def _run(visits: int, seed: int) -> Run:
    from time import perf_counter

    rng = np.random.default_rng(seed)
    seen = visitors(visits, rng)
    luck, reward = rng.random(visits), seen.reward
    bandit = Bandit(len(FEATURES))
    chosen = np.zeros(visits, dtype=np.int64)
    log: list[Logged] = []
    took = 0.0
    for n in range(visits):
        context = seen.context[n]
        began = perf_counter()
        choice = bandit.choose(context, NAMES, rng)
        took += perf_counter() - began
        place = NAMES.index(choice.offer)
        came = float(seen.worth[n, place]) if luck[n] < seen.chance[n, place] else 0.0
        bandit.learn(context, choice.offer, came)
        chosen[n] = place
        log.append(Logged(context, NAMES, choice.offer, choice.propensity, came))
    rows = np.arange(visits)
    rules = fixed_rules()
    worth = {name: float(reward[rows, [rule(row) for row in seen.context]].mean()) for name, rule in rules.items()}
    fixed = max(worth, key=lambda name: worth[name])
    regret = reward.max(axis=1) - reward[rows, chosen]
    rule = rules[fixed]
    return Run(
        net={
            NO_OFFER: worth[NONE],
            EVERYONE: worth["fifteen_percent"],
            BEST_FIXED: worth[fixed],
            LEARNED: float(reward[rows, chosen].mean()),
        },
        fixed_rule=fixed,
        best=float(reward.max(axis=1).mean()),
        regret_tenths=[float(some.mean()) for some in np.array_split(regret, 10)],
        shares={name: float((chosen == n).mean()) for n, name in enumerate(NAMES)},
        estimate=evaluate(log, lambda context, offers: offers[rule(context)]),
        estimated_truth=worth[fixed],
        choose_ms=took / visits * 1000,
    )
