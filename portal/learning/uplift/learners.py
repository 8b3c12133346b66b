"""For whom a treatment changes how much: boosting, fitted and asked on different people.

Each person's estimate comes from trees that saw neither him nor anything fitted to him. `t` is the difference of one
model of the outcome per arm; `dr` regresses doubly robust scores (Kennedy, *Towards optimal doubly robust estimation
of heterogeneous causal effects*) on the features and on what the models of the outcome foretell, which a known
assignment keeps free of bias whatever these models are worth.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from portal.learning.boosting import Matrix, threads_for
from portal.learning.uplift.experiment import Experiment, area
from portal.learning.windows import Floats, Ints

FOLDS, FOLDS_LARGE, LARGE_FROM = 5, 3, 200_000
# Trees learn little more from further people, and take as much longer.
LEARN_FROM_MAX = 600_000
ASSIGNMENT_FROM_MAX = 60_000
ROUNDS_MAX, PATIENCE = 300, 25
# An area farther above a half than this, and than so many standard deviations of luck, is no random assignment.
ASSIGNED_BEYOND, DEVIATIONS = 0.03, 4.0
PROPENSITY_MIN = 0.01
PARAMETERS: dict[str, Any] = {
    "tree_method": "hist",
    "max_bin": 128,
    "max_depth": 3,
    "eta": 0.06,
    "subsample": 0.8,
    "colsample_bytree": 0.8,
    "lambda": 5.0,
    "seed": 20,
}

DR, T = "dr", "t"


@dataclass(frozen=True, slots=True)
class Learned:
    """Out-of-fold estimates. Columns of `outcome` and `propensity` are arms; those of `uplift` the arms but control."""

    outcome: Floats
    propensity: Floats
    uplift: dict[str, Floats]
    assignment_area: float
    is_propensity_estimated: bool

    def scores(self, experiment: Experiment) -> Floats:
        """What each person would have done in each arm, without bias on average: a column per arm."""
        rows = np.arange(len(experiment))
        scores = self.outcome.copy()
        own = self.outcome[rows, experiment.arm]
        scores[rows, experiment.arm] += (experiment.outcome - own) / self.propensity[rows, experiment.arm]
        return scores


def learn(experiment: Experiment, *, seed: int = 20) -> Learned:
    """Fit and ask crosswise."""
    rng = np.random.default_rng(seed)
    rows, arms = len(experiment), len(experiment.names)
    folds = FOLDS_LARGE if rows >= LARGE_FROM else FOLDS
    # Each arm's people are dealt out evenly.
    fold: Ints = np.empty(rows, dtype=np.int64)
    fold[np.lexsort((rng.random(rows), experiment.arm))] = np.arange(rows) % folds
    assignment_area = _assignment_area(experiment, rng)
    is_estimated = assignment_area > 0.5 + max(ASSIGNED_BEYOND, DEVIATIONS * _luck(experiment))
    shares = np.bincount(experiment.arm, minlength=arms) / rows
    propensity = np.tile(shares, (rows, 1))
    outcome = np.zeros((rows, arms))
    uplift = {DR: np.zeros((rows, arms - 1)), T: np.zeros((rows, arms - 1))}
    for number in range(folds):
        asked = fold == number
        known = np.flatnonzero(~asked)
        if known.size > LEARN_FROM_MAX:
            known = rng.choice(known, LEARN_FROM_MAX, replace=False)
        rng.shuffle(known)
        new = experiment.values[asked]
        if is_estimated:
            propensity[asked] = _chances(experiment, known, new)
        halves = [known[0::2], known[1::2]]
        seen: list[Floats] = []
        scored: list[Floats] = []
        for here, there in (halves, halves[::-1]):
            theirs = experiment.values[there]
            fitted = [_outcome_of(experiment, here, arm) for arm in range(arms)]
            outcome[asked] += np.column_stack([one(new) for one in fitted]) / 2
            foretold = np.column_stack([one(theirs) for one in fitted])
            chance = _chances(experiment, here, theirs) if is_estimated else propensity[there]
            seen.append(foretold)
            scored.append(_doubly_robust(experiment, there, foretold, chance))
        uplift[T][asked] = outcome[asked, 1:] - outcome[asked, :1]
        values = _with_outcomes(experiment.values[np.concatenate(halves[::-1])], np.concatenate(seen))
        new = _with_outcomes(new, outcome[asked])
        scores = np.concatenate(scored)
        for arm in range(1, arms):
            uplift[DR][asked, arm - 1] = _fit(values, scores[:, arm] - scores[:, 0], "reg:squarederror")(new)
    return Learned(outcome, propensity, uplift, assignment_area, is_estimated)


class _Fitted:
    """Trees and how many of them are taken."""

    def __init__(self, booster: Any, rounds: int) -> None:
        self._booster, self._rounds = booster, rounds

    def __call__(self, values: Matrix) -> Floats:
        told = self._booster.inplace_predict(values, iteration_range=(0, self._rounds))
        return np.asarray(told, dtype=np.float64)


def _fit(values: Matrix, target: Floats, objective: str, **further: Any) -> _Fitted:
    """Train; the last fifth says when to stop."""
    import xgboost

    held = max(1, len(target) // 5)
    weight = max(5.0, len(target) / 1000)
    if objective != "reg:squarederror":
        weight *= max(0.02, float(np.var(target))) if objective == "binary:logistic" else 0.1
    threads = threads_for(len(target))
    parameters = PARAMETERS | {"objective": objective, "min_child_weight": weight, "nthread": threads} | further
    bins = PARAMETERS["max_bin"]
    older = xgboost.QuantileDMatrix(values[:-held], label=target[:-held], max_bin=bins, nthread=threads)
    newest = xgboost.QuantileDMatrix(values[-held:], label=target[-held:], ref=older, max_bin=bins, nthread=threads)
    booster = xgboost.train(
        parameters,
        older,
        ROUNDS_MAX,
        evals=[(newest, "held")],
        early_stopping_rounds=PATIENCE,
        verbose_eval=False,
    )
    return _Fitted(booster, int(booster.best_iteration) + 1)


def _with_outcomes(values: Matrix, outcome: Floats) -> Matrix:
    """The features, the foretold outcome in control, and what the arms would change of it."""
    return np.column_stack([values, outcome[:, 0], outcome[:, 1:] - outcome[:, :1]]).astype(np.float32)


def _outcome_of(experiment: Experiment, rows: Ints, arm: int) -> _Fitted:
    mine = rows[experiment.arm[rows] == arm]
    target = experiment.outcome[mine]
    is_binary = experiment.is_binary and target[: -max(1, len(target) // 5)].sum() > 0
    return _fit(experiment.values[mine], target, "binary:logistic" if is_binary else "reg:squarederror")


def _doubly_robust(experiment: Experiment, rows: Ints, outcome: Floats, chance: Floats) -> Floats:
    arm, place = experiment.arm[rows], np.arange(rows.size)
    scores = outcome.copy()
    scores[place, arm] += (experiment.outcome[rows] - outcome[place, arm]) / chance[place, arm]
    return scores


def _chances(experiment: Experiment, rows: Ints, values: Matrix) -> Floats:
    """The chance of each arm by the features."""
    arms = len(experiment.names)
    target = experiment.arm[rows].astype(np.float64)
    fitted = _fit(experiment.values[rows], target, "multi:softprob", num_class=arms, eval_metric="mlogloss")
    chance = np.maximum(fitted(values).reshape(-1, arms), PROPENSITY_MIN)
    return np.asarray(chance / chance.sum(axis=1, keepdims=True))


def _luck(experiment: Experiment) -> float:
    """The standard deviation of the area that chance alone gives."""
    rows = min(len(experiment), ASSIGNMENT_FROM_MAX)
    treated = rows * float((experiment.arm > 0).mean())
    return float(np.sqrt((rows + 1) / (12 * treated * (rows - treated))))


def _assignment_area(experiment: Experiment, rng: np.random.Generator) -> float:
    """How well features tell who was treated: 0.5 where the assignment was random, whatever its shares."""
    rows = rng.permutation(len(experiment))[:ASSIGNMENT_FROM_MAX]
    treated = experiment.arm[rows] > 0
    halves: list[npt.NDArray[np.intp]] = [np.arange(0, rows.size, 2), np.arange(1, rows.size, 2)]
    told = np.zeros(rows.size)
    for here, there in (halves, halves[::-1]):
        fitted = _fit(experiment.values[rows[here]], treated[here].astype(np.float64), "binary:logistic")
        # Each half is ranked by the other's trees: ranks, so that the two may be put together.
        order = np.argsort(np.argsort(fitted(experiment.values[rows[there]])))
        told[there] = order / there.size
    return area(told, treated)
