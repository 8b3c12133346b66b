"""For whom a treatment changes how much: boosting, fitted and asked on different people.

Each person's estimate comes from trees that saw neither him nor anything fitted to him. `t` is the difference of one
model of the outcome per arm; `ct` regresses the outcome weighed by its arm's chance, with its arm's sign (Jaskowski and
Jaroszewicz's transformed class); `dr` regresses doubly robust scores (Kennedy, *Towards optimal doubly robust
estimation of heterogeneous causal effects*) on the features and on what the models of the outcome foretell, which a
known assignment keeps free of bias whatever these models are worth. `mix` weighs all of these and the foretold outcome
without treatment by what of each came true on other people, so that it is not worse than the simplest one that works.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
import numpy.typing as npt

from portal.learning.boosting import Matrix, threads_for
from portal.learning.uplift.experiment import Experiment, area, ranks
from portal.learning.windows import Floats, Ints

FOLDS, FOLDS_LARGE, LARGE_FROM = 4, 3, 20_000
# Trees learn little more from further people, and take as much longer.
LEARN_FROM_MAX = 400_000
ASSIGNMENT_FROM_MAX = 60_000
ROUNDS_MAX, PATIENCE = 200, 15
# An area farther above a half than this, and than so many standard deviations of luck, is no random assignment.
ASSIGNED_BEYOND, DEVIATIONS = 0.03, 4.0
PROPENSITY_MIN = 0.01
# What is told of people is believed from so many standard errors on.
BELIEVED_FROM = 2.0
PARAMETERS: dict[str, Any] = {
    "tree_method": "hist",
    "max_bin": 128,
    "max_depth": 3,
    "eta": 0.1,
    "subsample": 0.8,
    "colsample_bytree": 0.8,
    "lambda": 5.0,
    "seed": 20,
}

MIX, DR, T, CT = "mix", "dr", "t", "ct"
LEARNERS = (MIX, DR, T, CT)
SQUARES = "reg:squarederror"


@dataclass(frozen=True, slots=True)
class Learned:
    """Out-of-fold estimates. Columns of `outcome` and `propensity` are arms; those of `uplift` the arms but control."""

    outcome: Floats
    propensity: Floats
    uplift: dict[str, Floats]
    fold: Ints
    assignment_area: float
    is_propensity_estimated: bool

    def ranks(self, told: Floats) -> Floats:
        """Each person's place among those of his fold by what is told of him, from 0 to 1.

        Folds are ranked by themselves: trees that did not see a fold rate it all the lower the better it did by luck,
        so that a ranking across folds would look worse than chance where there is nothing to find.
        """
        places = np.empty(told.size)
        for number in range(int(self.fold.max()) + 1):
            mine = np.flatnonzero(self.fold == number)
            places[mine] = (ranks(told[mine]) - 0.5) / mine.size
        return places

    def believed(self, experiment: Experiment, told: Floats) -> Floats:
        """What is told of each arm, as far as other folds bear it out: a column per arm but the control.

        The average effect of all, as the best fixed rule has it, and of the differences between people the part that
        came true there, less what luck brings (a straight line through the scores, shrunk by 1 - 4/t²). Where nothing
        comes true everybody is alike.
        """
        scores, found = self.scores(experiment), np.empty_like(told)
        folds = range(int(self.fold.max()) + 1)
        for arm in range(scores.shape[1] - 1):
            extra, centred = scores[:, arm + 1] - scores[:, 0], self._centred(told[:, arm])
            for number in folds:
                mine = self.fold == number
                found[mine, arm] = extra.mean() + _came_true(centred[~mine], extra[~mine]) * centred[mine]
        return found

    def _centred(self, told: Floats) -> Floats:
        """Less the mean of its fold."""
        mean = np.bincount(self.fold, weights=told) / np.bincount(self.fold)
        return np.asarray(told - mean[self.fold])

    def mixed(self, experiment: Experiment) -> Floats:
        """All that is told, weighed for each fold by what came true in the others. A column per arm but the control."""
        scores, found = self.scores(experiment), np.empty_like(self.uplift[DR])
        for arm in range(scores.shape[1] - 1):
            parts = [self.uplift[name][:, arm] for name in (DR, T, CT)]
            told = np.column_stack([self._centred(part) for part in (*parts, self.outcome[:, 0])])
            extra = scores[:, arm + 1] - scores[:, 0]
            for number in range(int(self.fold.max()) + 1):
                mine = self.fold == number
                found[mine, arm] = extra[~mine].mean() + told[mine] @ _weights(told[~mine], extra[~mine])
        return found

    def scores(self, experiment: Experiment) -> Floats:
        """What each person would have done in each arm, without bias on average: a column per arm."""
        rows = np.arange(len(experiment))
        scores = self.outcome.copy()
        own = self.outcome[rows, experiment.arm]
        scores[rows, experiment.arm] += (experiment.outcome - own) / self.propensity[rows, experiment.arm]
        return scores


def learn(experiment: Experiment, *, seed: int = 20) -> Learned:
    """Fit and ask crosswise: models of the outcome leave out two folds, and serve both where the other is asked."""
    rng = np.random.default_rng(seed)
    rows, arms = len(experiment), len(experiment.names)
    folds = FOLDS_LARGE if rows >= LARGE_FROM else FOLDS
    # Each arm's people are dealt out evenly.
    fold: Ints = np.empty(rows, dtype=np.int64)
    fold[np.lexsort((rng.random(rows), experiment.arm))] = np.arange(rows) % folds
    members = [rng.permutation(np.flatnonzero(fold == number)) for number in range(folds)]
    assignment_area = _assignment_area(experiment, rng)
    is_estimated = assignment_area > 0.5 + max(ASSIGNED_BEYOND, DEVIATIONS * _luck(experiment))
    shares = np.bincount(experiment.arm, minlength=arms) / rows
    propensity = np.zeros((rows, arms)) if is_estimated else np.tile(shares, (rows, 1))
    outcome = np.zeros((rows, arms))
    learned_from: list[list[_Scored]] = [[] for _ in range(folds)]
    for pair in combinations(range(folds), 2):
        known = _some(np.concatenate([members[n] for n in range(folds) if n not in pair]), rng)
        fitted = [_outcome_of(experiment, known, arm) for arm in range(arms)]
        for here, other in (pair, pair[::-1]):
            theirs = members[here]
            values = experiment.values[theirs]
            foretold = np.column_stack([one(values) for one in fitted])
            chance = _chances(experiment, known, values) if is_estimated else propensity[theirs]
            outcome[theirs] += foretold / (folds - 1)
            if is_estimated:
                propensity[theirs] += chance / (folds - 1)
            scores = _doubly_robust(experiment, theirs, foretold, chance)
            learned_from[other].append(_Scored(theirs, foretold, scores, chance))
    uplift = {name: np.zeros((rows, arms - 1)) for name in (DR, T, CT)}
    uplift[T] = outcome[:, 1:] - outcome[:, :1]
    for number, asked in enumerate(members):
        _by_scores(experiment, _Scored.joined(learned_from[number], rng), asked, outcome[asked], uplift)
    learned = Learned(outcome, propensity, uplift, fold, assignment_area, is_estimated)
    uplift[MIX] = learned.mixed(experiment)
    return learned


@dataclass(frozen=True, slots=True)
class _Scored:
    """Rows with what models that did not see them say: outcomes, doubly robust scores and chances by arm."""

    rows: Ints
    foretold: Floats
    scores: Floats
    chance: Floats

    @staticmethod
    def joined(parts: Sequence[_Scored], rng: np.random.Generator) -> _Scored:
        """All of them, in an order that is drawn."""
        rows = np.concatenate([part.rows for part in parts])
        order = _some(np.arange(rows.size), rng)
        return _Scored(
            rows[order],
            np.concatenate([part.foretold for part in parts])[order],
            np.concatenate([part.scores for part in parts])[order],
            np.concatenate([part.chance for part in parts])[order],
        )


def _some(rows: Ints, rng: np.random.Generator) -> Ints:
    return rng.permutation(rows)[:LEARN_FROM_MAX]


def _by_scores(
    experiment: Experiment, known: _Scored, asked: Ints, outcome: Floats, uplift: Mapping[str, Floats]
) -> None:
    """Fill in what `dr` and `ct` say of the people that are asked."""
    arm, y = experiment.arm[known.rows], experiment.outcome[known.rows]
    values, new = experiment.values[known.rows], experiment.values[asked]
    for number in range(1, len(experiment.names)):
        mine = (arm == 0) | (arm == number)
        chance = known.chance[mine, number] / (known.chance[mine, 0] + known.chance[mine, number])
        target = y[mine] * np.where(arm[mine] == number, 1 / chance, -1 / (1 - chance))
        uplift[CT][asked, number - 1] = _fit(values if mine.all() else values[mine], target, SQUARES)(new)
    values, new = _with_outcomes(values, known.foretold), _with_outcomes(new, outcome)
    for number in range(1, len(experiment.names)):
        target = known.scores[:, number] - known.scores[:, 0]
        uplift[DR][asked, number - 1] = _fit(values, target, SQUARES)(new)


def _weights(told: Floats, real: Floats) -> Floats:
    """Weights of at least nothing that bring the columns nearest to what was real, by least squares.

    Few columns: each choice of them is tried. Where none helps, the first is taken as it is.
    """
    square, product = told.T @ told, told.T @ (real - real.mean())
    best, gain = np.eye(told.shape[1])[0], 0.0
    for size in range(1, told.shape[1] + 1):
        for some in map(list, combinations(range(told.shape[1]), size)):
            weights = np.linalg.lstsq(square[np.ix_(some, some)], product[some], rcond=None)[0]
            if (weights >= 0).all() and (gained := float(weights @ product[some])) > gain:
                gain, best = gained, np.zeros(told.shape[1])
                best[some] = weights
    return np.asarray(best)


def _came_true(told: Floats, real: Floats) -> float:
    """The share of what was told that came true, 0 to 1."""
    spread = float(told @ told)
    if not spread:
        return 0.0
    slope = float(told @ (real - real.mean())) / spread
    error = float(((real - real.mean() - slope * told) ** 2).mean()) / spread
    return 0.0 if slope <= 0 else min(1.0, slope) * max(0.0, 1 - BELIEVED_FROM**2 * error / slope**2)


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
    if objective != SQUARES:
        weight *= max(0.02, float(np.var(target))) if objective == "binary:logistic" else 0.1
    threads = threads_for(len(target))
    parameters = PARAMETERS | {"objective": objective, "min_child_weight": weight, "nthread": threads} | further
    bins = PARAMETERS["max_bin"]
    # What is handed over is looked through by as many threads as the configuration says, whatever is asked for here.
    with xgboost.config_context(nthread=threads):
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
    return _fit(experiment.values[mine], target, "binary:logistic" if is_binary else SQUARES)


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
