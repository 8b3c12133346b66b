"""Gradient boosting with exact contributions (FRD-09): trained by time, calibrated, kept as text, never as a pickle."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from portal.learning.windows import Floats, Ints

if TYPE_CHECKING:
    import xgboost

Matrix = npt.NDArray[np.float32]

# Fewer cut where an amount begins to be strange too coarsely.
BINS = 512
PARAMETERS: dict[str, Any] = {
    "objective": "binary:logistic",
    "eval_metric": "aucpr",
    "tree_method": "hist",
    "max_bin": BINS,
    "max_depth": 6,
    "eta": 0.05,
    "subsample": 0.8,
    "colsample_bytree": 0.6,
    # A leaf is weighed by how unsure it is: where frauds are rare, few of them weigh little.
    "min_child_weight": 0.3,
    "lambda": 2.0,
    "seed": 20,
}
ROUNDS_MAX = 800
# Without any better round in so many the training ends.
PATIENCE = 60
# So many rows are put together at a time.
PIECE = 50_000
# With fewer rows threads wait for each other longer than they work.
SHARED_FROM = 50_000


def threads_for(rows: int) -> int:
    """How many threads so many rows are worth."""
    return 2 if rows >= SHARED_FROM else 1


@dataclass(frozen=True, slots=True)
class Model:
    """A trained model. `calibration` maps its margin to a probability: points of a rising line."""

    names: tuple[str, ...]
    trees: str
    calibration: tuple[Floats, Floats]

    def loaded(self) -> xgboost.Booster:
        """The trees, ready to score. Raises xgboost's error for a text that is none of its own."""
        return _loaded(self.trees)

    def margin(self, values: Matrix) -> Floats:
        """The sum of the trees, in log-odds: what events are ranked by."""
        return _margin(self.loaded(), values)

    def probability(self, margin: Floats) -> Floats:
        """What share of events with this margin were frauds."""
        return np.interp(margin, *self.calibration)

    def contributions(self, values: Matrix) -> Floats:
        """What each feature adds to the margin, and last what every event begins with: exact, they sum to it."""
        import xgboost

        threads, booster = threads_for(len(values)), self.loaded()
        booster.set_param({"nthread": threads})
        asked = xgboost.DMatrix(values, nthread=threads)
        return np.asarray(booster.predict(asked, pred_contribs=True), dtype=np.float64)


class TooFewError(ValueError):
    """There is not enough to learn from; its text says what is missing."""


FRAUDS_MIN = 10


# The rows of features at these places.
Rows = Callable[[Ints], Matrix]


def train(
    names: tuple[str, ...],
    rows: Rows,
    label: Floats,
    *,
    newest: npt.NDArray[np.bool_],
    weight: Floats | None = None,
) -> Model:
    """Train on labelled events in the order of time, each as heavy as `weight` says.

    The `newest` are kept apart at first: they say when to stop and what a margin is worth. Then all are learned from.
    Raises TooFewError.
    """
    import xgboost
    from sklearn.isotonic import IsotonicRegression

    for some, what in ((~newest, "older"), (newest, "newest")):
        frauds = int(label[some].sum())
        if frauds < FRAUDS_MIN or frauds == int(some.sum()):
            raise TooFewError(f"The {what} events hold {frauds} frauds among {int(some.sum())}: too few of one kind.")
    heavy = np.ones(label.size) if weight is None else weight
    parameters = PARAMETERS | {"nthread": threads_for(label.size)}
    before, after = np.flatnonzero(~newest), np.flatnonzero(newest)
    older = binned(rows, before, label, heavy)
    held = binned(rows, after, label, heavy, like=older)
    first = xgboost.train(
        parameters, older, ROUNDS_MAX, evals=[(held, "newest")], early_stopping_rounds=PATIENCE, verbose_eval=False
    )
    rounds = int(first.best_iteration) + 1
    margin = np.concatenate([_of_trees(first, rows(piece), rounds) for piece in pieces(after)])
    line = IsotonicRegression(y_min=0.0, y_max=1.0, out_of_bounds="clip")
    line.fit(margin, label[after], sample_weight=heavy[after])
    del older, held, first
    whole = xgboost.train(parameters, binned(rows, np.arange(label.size), label, heavy), rounds)
    text = bytes(whole.save_raw("json")).decode()
    return Model(names, text, (np.asarray(line.X_thresholds_), np.asarray(line.y_thresholds_)))


def pieces(places: Ints) -> Iterator[Ints]:
    """The places, PIECE at a time."""
    for start in range(0, places.size, PIECE):
        yield places[start : start + PIECE]


def binned(
    rows: Rows, places: Ints, label: Floats, weight: Floats, *, like: xgboost.QuantileDMatrix | None = None
) -> xgboost.QuantileDMatrix:
    """What trees learn from: of each value only its bin is kept, so that nothing is ever there twice."""
    import xgboost

    class Pieces(xgboost.DataIter):
        def __init__(self) -> None:
            super().__init__()
            self._left = pieces(places)

        def next(self, input_data: Callable[..., None]) -> bool:
            piece = next(self._left, None)
            if piece is None:
                return False
            input_data(data=rows(piece), label=label[piece], weight=weight[piece])
            return True

        def reset(self) -> None:
            self._left = pieces(places)

    threads = threads_for(places.size)
    # Each piece is looked through by as many threads as the configuration says, whatever is asked for the whole.
    with xgboost.config_context(nthread=threads):
        return xgboost.QuantileDMatrix(Pieces(), max_bin=BINS, ref=like, nthread=threads)


def _of_trees(booster: xgboost.Booster, values: Matrix, rounds: int) -> Floats:
    margin = booster.inplace_predict(values, iteration_range=(0, rounds), predict_type="margin")
    return np.asarray(margin, dtype=np.float64)


def load_engine_alone() -> None:
    """Load the engine of the trees without scikit-learn, for a process that asks models and trains none.

    It takes all of scikit-learn in where it finds it: a second of every start, and 70 MB. Raises ImportError.
    """
    if "sklearn" in sys.modules:
        return
    sys.modules["sklearn"] = None  # type: ignore[assignment]  # How Python is told that there is none.
    try:
        import xgboost  # noqa: F401  # It stays loaded.
    finally:
        del sys.modules["sklearn"]


@lru_cache(maxsize=4)
def _loaded(trees: str) -> xgboost.Booster:
    import xgboost

    booster = xgboost.Booster()
    booster.load_model(bytearray(trees.encode()))
    return booster


def _margin(booster: xgboost.Booster, values: Matrix) -> Floats:
    import xgboost

    threads = threads_for(len(values))
    booster.set_param({"nthread": threads})
    return np.asarray(booster.predict(xgboost.DMatrix(values, nthread=threads), output_margin=True), dtype=np.float64)
