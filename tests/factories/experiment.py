"""A mailing whose effect on each person is known."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from portal.learning.uplift.experiment import Experiment
from portal.learning.windows import Floats


@dataclass(frozen=True, slots=True)
class Known:
    """An experiment, and by how much its treatment changes each person's chance."""

    experiment: Experiment
    effect: Floats


def mailing(*, people: int = 6000, seed: int = 2, share: float = 0.5) -> Known:
    """The first feature says whom it moves: it harms a part of the people. The others say nothing about that."""
    rng = np.random.default_rng(seed)
    values = rng.normal(size=(people, 4)).astype(np.float32)
    effect = np.clip(0.05 + 0.15 * values[:, 0].astype(np.float64), -0.15, 0.4)
    usual = np.clip(0.25 + 0.1 * values[:, 1].astype(np.float64), 0.16, 0.55)
    arm = (rng.random(people) < share).astype(np.int16)
    outcome = (rng.random(people) < usual + arm * effect).astype(np.float64)
    return Known(Experiment(("control", "mail"), arm, outcome, ("moved", "usual", "a", "b"), values), effect)


def as_csv(known: Known) -> str:
    """One line per person, under the names of public sets."""
    lines = ["client_id,treatment_flg,target,x1,x2,x3,kind,true_effect"]
    made = known.experiment
    for n in range(len(made)):
        x = made.values[n]
        kind = "regular" if x[3] > 0 else "new"
        lines.append(f"c{n},{made.arm[n]},{int(made.outcome[n])},{x[0]},{x[1]},{x[2]},{kind},{known.effect[n]}")
    return "\n".join(lines) + "\n"
