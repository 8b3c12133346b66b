"""Whether an experiment's groups are as large as was planned: Pearson's test, for files and for our own draws alike."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from portal.learning.uplift.experiment import Experiment
from portal.learning.windows import Floats

# Below this chance of such shares by luck the assignment is not what was planned.
ALARM_BELOW = 0.001
PLAN_STEP = 0.05


@dataclass(frozen=True, slots=True)
class SampleRatio:
    """Rows per arm against the plan. `is_guessed`: nobody said the plan; it is the nearest one of round shares."""

    rows: dict[str, int]
    plan: dict[str, float]
    is_guessed: bool
    p_value: float

    @property
    def is_alarming(self) -> bool:
        return self.p_value < ALARM_BELOW


def sample_ratio(experiment: Experiment, plan: Mapping[str, float] | None) -> SampleRatio:
    """Compare rows per arm with the plan by Pearson's test; without a plan, with equal or the nearest round shares."""
    rows = np.bincount(experiment.arm, minlength=len(experiment.names)).astype(np.float64)
    if plan is not None:
        shares = np.array([plan[name] for name in experiment.names])
        candidates = [shares / shares.sum()]
    else:
        equal = np.full(rows.size, 1 / rows.size)
        rounded = np.maximum(np.round(rows / rows.sum() / PLAN_STEP), 1) * PLAN_STEP
        candidates = [equal, rounded / rounded.sum()]
    p_values = [_goodness(rows, shares) for shares in candidates]
    best = int(np.argmax(p_values))
    return SampleRatio(
        dict(zip(experiment.names, map(int, rows), strict=True)),
        dict(zip(experiment.names, map(float, candidates[best]), strict=True)),
        plan is None,
        p_values[best],
    )


def is_as_planned(people: Sequence[int], shares: Sequence[float]) -> bool:
    """Whether groups of so many people are no further from their planned shares than luck takes them."""
    if not sum(people):
        return True
    return _goodness(np.array(people, dtype=np.float64), np.array(shares)) >= ALARM_BELOW


def _goodness(rows: Floats, shares: Floats) -> float:
    from scipy.special import chdtrc

    planned = rows.sum() * shares
    with np.errstate(divide="ignore", invalid="ignore"):
        far = np.where(rows == planned, 0.0, (rows - planned) ** 2 / planned)
    return float(chdtrc(rows.size - 1, far.sum()))
