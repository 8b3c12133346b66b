"""Everything that an experiment says, in one report."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from portal.learning.uplift import curves, policies
from portal.learning.uplift.bootstrap import Bootstrap, Interval, interval
from portal.learning.uplift.effects import (
    UNBALANCED_FROM,
    Effect,
    Imbalance,
    effects,
    imbalances,
)
from portal.learning.uplift.experiment import Experiment, check, without_telltales
from portal.learning.uplift.learners import LEARNERS, MIX, Learned, learn
from portal.learning.uplift.sample_ratio import SampleRatio, sample_ratio

RESPONSE = "response"


@dataclass(frozen=True, slots=True)
class ArmReport:
    """One arm against the control: its average effect, that after adjustment, and each ranking by its name."""

    arm: str
    effect: Effect
    adjusted: Interval | None
    rankings: dict[str, curves.Ranking]
    learner: str

    @property
    def verdict(self) -> str | None:
        """Whether people differ in what the treatment changes, in a sentence; None where nothing ranks them."""
        if not self.rankings:
            return None
        qini = self.rankings[self.learner].qini
        if qini.low > 0:
            return (
                f"Some people are changed more than others: the ranking by {self.learner} finds them better than "
                "chance does, on people that its trees did not see."
            )
        if qini.high < 0:
            return (
                f"The ranking by {self.learner} finds them worse than chance: do not target by it. With no true "
                "difference between people one in forty experiments looks so by luck."
            )
        return (
            "There is no evidence that the treatment changes some people more than others: whom to treat is found "
            "as well by lot. The average effect holds for everybody alike, as far as this experiment can tell."
        )


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What was found. Without features there is no ranking and no learned policy."""

    rows: int
    control: str
    is_binary: bool
    sample_ratio: SampleRatio
    imbalances: tuple[Imbalance, ...]
    assignment_area: float | None
    is_propensity_estimated: bool
    arms: tuple[ArmReport, ...]
    learner: str
    policies: tuple[policies.Policy, ...]
    features: tuple[str, ...]
    left_out: dict[str, str]

    @property
    def warnings(self) -> tuple[str, ...]:
        """What makes figures doubtful, a sentence each."""
        found = []
        if self.sample_ratio.is_alarming:
            found.append(
                f"The rows per arm are not what was planned (chance {self.sample_ratio.p_value:.2g}): "
                "find out why before believing any effect."
            )
        far = [one for one in self.imbalances if one.is_alarming]
        if far:
            found.append(
                f"Features differ between arms by {UNBALANCED_FROM:g} standard deviations or more, and by more than "
                f"luck explains: {len(far)}, most {far[0].feature}."
            )
        if self.is_propensity_estimated and self.assignment_area is not None:
            found.append(
                f"Features tell who was treated (area {self.assignment_area:.3f}): the assignment was not random. "
                "Propensities are estimated, and only what the features tell is adjusted for."
            )
        return tuple(found)


def evaluate(
    experiment: Experiment,
    *,
    plan: Mapping[str, float] | None = None,
    worth: policies.Worth | None = None,
    learner: str = MIX,
    seed: int = 20,
) -> Evaluation:
    """Measure an experiment. `learner` names whose ranking the learned policy follows. Raises ExperimentError."""
    check(experiment)
    experiment = without_telltales(experiment)
    bootstrap = Bootstrap(experiment.arm, seed=seed)
    averages = effects(experiment, bootstrap)
    learned = learn(experiment, seed=seed) if experiment.features else None
    worth = worth or policies.Worth()
    found: tuple[policies.Policy, ...] = ()
    if learned is not None:
        found = policies.policies(experiment, learned, learned.uplift[learner], worth, bootstrap)
    return Evaluation(
        len(experiment),
        experiment.names[0],
        experiment.is_binary,
        sample_ratio(experiment, plan),
        imbalances(experiment),
        learned.assignment_area if learned else None,
        bool(learned and learned.is_propensity_estimated),
        tuple(
            _arm(experiment, bootstrap, learned, effect, arm + 1, learner, seed) for arm, effect in enumerate(averages)
        ),
        learner,
        found,
        experiment.features,
        experiment.left_out,
    )


def _arm(
    experiment: Experiment,
    bootstrap: Bootstrap,
    learned: Learned | None,
    effect: Effect,
    arm: int,
    learner: str,
    seed: int,
) -> ArmReport:
    if learned is None:
        return ArmReport(effect.arm, effect, None, {}, learner)
    scores = learned.scores(experiment)
    extra = bootstrap.sums(scores[:, arm] - scores[:, 0])
    people = bootstrap.sums(np.ones(len(experiment)))
    adjusted = interval(float(extra.sum() / people.sum()), bootstrap.drawn(extra) / bootstrap.drawn(people))
    mine = (experiment.arm == 0) | (experiment.arm == arm)
    told = {name: learned.uplift[name][:, arm - 1] for name in (learner, *(one for one in LEARNERS if one != learner))}
    told[RESPONSE] = learned.outcome[:, 0]
    rankings = curves.compare(
        {name: learned.ranks(one)[mine] for name, one in told.items()},
        {name: one[mine] for name, one in told.items()},
        experiment.arm[mine] == arm,
        experiment.outcome[mine],
        Bootstrap(experiment.arm[mine], seed=seed),
        seed=seed,
    )
    return ArmReport(effect.arm, effect, adjusted, rankings, learner)
