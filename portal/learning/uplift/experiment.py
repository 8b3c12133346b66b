"""A randomised experiment as arrays, and whether it can be learned from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from portal.learning.boosting import Matrix
from portal.learning.uplift.columns import CONTROLS
from portal.learning.windows import Floats

Arms = npt.NDArray[np.int16]

ARMS_MAX = 20
ROWS_MIN = 100
EVENTS_MIN = 20
TELLS_FROM = 0.95
SAMPLE = 20_000


class ExperimentError(ValueError):
    """There is no experiment to measure in these rows; the text says why, in one sentence."""


@dataclass(frozen=True, slots=True)
class Experiment:
    """A row per person. Arm 0 is the control; `names` are the arms' names in this order."""

    names: tuple[str, ...]
    arm: Arms
    outcome: Floats
    features: tuple[str, ...]
    values: Matrix
    exposed: Floats | None = None
    left_out: dict[str, str] = field(default_factory=dict)

    def __len__(self) -> int:
        return int(self.arm.size)

    @property
    def is_binary(self) -> bool:
        """Whether the outcome either happens or not."""
        return bool(np.isin(self.outcome, (0.0, 1.0)).all())


def control_of(names: Sequence[str], *, said: str | None = None) -> str:
    """Which of the arms is the control: as said, else by the names that are known. Raises ExperimentError."""
    listed = ", ".join(sorted(names)[:ARMS_MAX])
    if len(names) == 1:
        raise ExperimentError(f"All rows are of the arm {listed}: there is nothing to compare it with.")
    if said is not None:
        found = next((name for name in names if name.lower() == said.lower()), None)
        if found is None:
            raise ExperimentError(f"No row is of the arm {said}; there are {listed}.")
        return found
    known = sorted((name for name in names if name.lower() in CONTROLS), key=lambda name: CONTROLS.index(name.lower()))
    if not known:
        raise ExperimentError(f"None of the arms {listed} is known as the control: name it with --control NAME.")
    return known[0]


def check(experiment: Experiment) -> None:
    """Raise ExperimentError unless there is something to compare."""
    if len(experiment.names) < 2:  # Two arms make a comparison.
        raise ExperimentError(f"All rows are of the arm {experiment.names[0]}: there is nothing to compare it with.")
    for number, name in enumerate(experiment.names):
        rows = int((experiment.arm == number).sum())
        if rows < ROWS_MIN:
            raise ExperimentError(f"The arm {name} has {rows} rows: below {ROWS_MIN} nothing can be said.")
    if np.ptp(experiment.outcome) == 0:
        raise ExperimentError(f"The outcome is {experiment.outcome[0]:g} in every row: there is no effect to measure.")
    rarer = min(int((experiment.outcome != 0).sum()), int((experiment.outcome == 0).sum()))
    if experiment.is_binary and rarer < EVENTS_MIN:
        raise ExperimentError(f"Only {rarer} rows differ in their outcome: below {EVENTS_MIN} nothing can be said.")


def without_telltales(experiment: Experiment) -> Experiment:
    """Leave out columns that say the same everywhere, tell the arm, or tell the outcome: no honest feature does."""
    reasons: dict[str, str] = {}
    rows = len(experiment)
    some = np.sort(np.random.default_rng(rows).permutation(rows)[:SAMPLE])
    for place, name in enumerate(experiment.features):
        reason = _unfit(experiment.values[some, place], experiment.arm[some], experiment.outcome[some])
        if reason:
            reasons[name] = reason
    kept = [place for place, name in enumerate(experiment.features) if name not in reasons]
    if not reasons:
        return experiment
    return replace(
        experiment,
        features=tuple(experiment.features[place] for place in kept),
        values=experiment.values[:, kept],
        left_out=experiment.left_out | reasons,
    )


def _unfit(values: npt.NDArray[np.float32], arm: Arms, outcome: Floats) -> str | None:
    known = ~np.isnan(values)
    if not known.any() or (known.all() and np.ptp(values) == 0):
        return "it says the same everywhere"
    place = ranks(np.where(known, values, np.nanmin(values) - 1))
    if any(_area(place, arm == number) > TELLS_FROM for number in range(int(arm.max()) + 1)):
        return "it tells the arm"
    if _area(place, outcome > np.median(outcome)) > 1 - (1 - TELLS_FROM) / 10:
        return "it tells the outcome"
    return None


def ranks(values: npt.NDArray[np.float32] | Floats) -> Floats:
    """The place of each value from 1 on, equal ones in the middle of theirs."""
    _, kind, count = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(count)
    return np.asarray((last - (count - 1) / 2)[kind], dtype=np.float64)


def area(values: npt.NDArray[np.float32] | Floats, is_so: npt.NDArray[np.bool_]) -> float:
    """How well the values tell two kinds apart, whichever way: the area under the ROC curve, 0.5 to 1."""
    return _area(ranks(values), is_so)


def _area(place: Floats, is_so: npt.NDArray[np.bool_]) -> float:
    yes = int(is_so.sum())
    no = int(is_so.size) - yes
    if not yes or not no:
        return 0.5
    share = float((place[is_so].sum() - yes * (yes + 1) / 2) / (yes * no))
    return max(share, 1 - share)
