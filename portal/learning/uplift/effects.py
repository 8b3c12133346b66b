"""What an experiment changed on average, and whether its arms were alike before."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from portal.learning.uplift.bootstrap import Bootstrap, Interval, interval, ratio
from portal.learning.uplift.experiment import Experiment
from portal.learning.windows import Floats

# Means that differ by more than a tenth of their spread.
UNBALANCED_FROM = 0.1
LUCK_TIMES = 4.0


@dataclass(frozen=True, slots=True)
class Effect:
    """What an arm changed against the control, per person. `relative` is against the control's mean.

    `total` is the difference of all that were treated: extra outcomes, or extra revenue where the outcome is an amount.
    `per_exposed` is the change for those whom the treatment reached, where the file says who was reached.
    """

    arm: str
    mean: float
    control_mean: float
    difference: Interval
    total: Interval
    relative: Interval
    p_value: float
    exposed_share: float | None
    per_exposed: Interval | None


@dataclass(frozen=True, slots=True)
class Imbalance:
    """A feature whose mean differs between an arm and the control, in standard deviations.

    `luck` is the standard deviation that such a difference has where the arms are dealt out at random.
    """

    feature: str
    arm: str
    deviations: float
    luck: float

    @property
    def is_alarming(self) -> bool:
        """Whether it is large, and larger than luck makes one of many features."""
        return abs(self.deviations) >= max(UNBALANCED_FROM, LUCK_TIMES * self.luck)


def effects(experiment: Experiment, bootstrap: Bootstrap) -> tuple[Effect, ...]:
    """Each arm against the control: differences of means, by assignment and never by who took it."""
    return tuple(_effect(experiment, bootstrap, arm) for arm in range(1, len(experiment.names)))


def _effect(experiment: Experiment, bootstrap: Bootstrap, arm: int) -> Effect:
    treated, control = experiment.arm == arm, experiment.arm == 0
    y = experiment.outcome
    columns = [treated * 1.0, treated * y, control * 1.0, control * y]
    if experiment.exposed is not None:
        columns.append(treated * experiment.exposed)
    sums = np.column_stack([bootstrap.sums(column) for column in columns])
    totals, draws = sums.sum(axis=0), bootstrap.drawn(sums)
    means, drawn = ((ratio(some[..., 1], some[..., 0]), ratio(some[..., 3], some[..., 2])) for some in (totals, draws))
    difference = float(means[0] - means[1])
    change = drawn[0] - drawn[1]
    share, per_exposed = None, None
    if experiment.exposed is not None and totals[4] > 0:
        share = float(totals[4] / totals[0])
        per_exposed = interval(difference / share, change / ratio(draws[:, 4], draws[:, 0]))
    return Effect(
        experiment.names[arm],
        float(means[0]),
        float(means[1]),
        interval(difference, change),
        interval(difference * float(totals[0]), change * float(totals[0])),
        interval(difference / float(means[1]) if means[1] else float("nan"), ratio(change, drawn[1])),
        _welch(y[treated], y[control]),
        share,
        per_exposed,
    )


def _welch(some: Floats, others: Floats) -> float:
    """The chance of such a difference of means by luck: Welch's test. 1 where neither varies and both are equal."""
    from scipy.special import stdtr

    parts = [float(one.var(ddof=1)) / one.size for one in (some, others)]
    far = abs(float(some.mean() - others.mean()))
    if not sum(parts):
        return float(not far)
    freedom = sum(parts) ** 2 / sum(part**2 / (one.size - 1) for part, one in zip(parts, (some, others), strict=True))
    return float(2 * stdtr(freedom, -far / np.sqrt(sum(parts))))


def imbalances(experiment: Experiment) -> tuple[Imbalance, ...]:
    """Features by how far their means differ between an arm and the control; the farthest first."""
    found = []
    control = _moments(experiment, 0)
    for arm in range(1, len(experiment.names)):
        mean, variance = _moments(experiment, arm)
        spread = np.sqrt((variance + control[1]) / 2)
        far = np.divide(mean - control[0], spread, out=np.zeros_like(mean), where=spread > 0)
        luck = float(np.sqrt(1 / (experiment.arm == arm).sum() + 1 / (experiment.arm == 0).sum()))
        found += [
            Imbalance(name, experiment.names[arm], float(value), luck)
            for name, value in zip(experiment.features, far, strict=True)
        ]
    return tuple(sorted(found, key=lambda one: (-abs(one.deviations), one.feature, one.arm)))


def _moments(experiment: Experiment, arm: int) -> tuple[Floats, Floats]:
    rows = np.flatnonzero(experiment.arm == arm)
    means, variances = np.zeros(len(experiment.features)), np.zeros(len(experiment.features))
    for place in range(len(experiment.features)):
        column = experiment.values[rows, place].astype(np.float64)
        known = column[~np.isnan(column)]
        if known.size:
            means[place], variances[place] = known.mean(), known.var()
    return means, variances
