from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.learning.uplift import curves
from portal.learning.uplift.bootstrap import Bootstrap
from portal.learning.uplift.evaluation import Evaluation, evaluate
from portal.learning.uplift.experiment import Experiment, ExperimentError, control_of
from portal.learning.uplift.policies import LEARNED, NOBODY, Worth
from tests.factories.experiment import Known, mailing

# What takes long to learn is learned by one worker for all who look at it.
LOOKS_AT_FOUND = pytest.mark.xdist_group("found")


@pytest.fixture(scope="module")
def known() -> Known:
    return mailing()


@pytest.fixture(scope="module")
def found(known: Known) -> Evaluation:
    return evaluate(known.experiment, worth=Worth(10.0, {"mail": 0.2}))


@pytest.mark.req("INC-05")
def test_curves_are_those_of_scikit_uplift() -> None:
    """The figures are scikit-uplift 0.5.1's for the same rows, many of them with equal scores."""
    n = np.arange(400)
    score = (n * 37 % 101) / 10.0
    treated = n * 7919 % 13 < 6
    outcome = ((n * n * 31 + n * 17) % 97 < np.where(treated, 20 + 4 * score, 25)).astype(np.float64)
    bootstrap = Bootstrap(treated.astype(np.int64), draws=50)
    ranking = curves.measure(score, treated, outcome, bootstrap)
    assert ranking.qini_normalised is not None
    assert ranking.qini_without_harm is not None
    assert ranking.auuc_normalised is not None
    assert ranking.qini_normalised.value == pytest.approx(0.21864783900551957)
    assert ranking.qini_without_harm.value == pytest.approx(1.0749542981375575)
    assert ranking.auuc_normalised.value == pytest.approx(0.2387124518426881)
    told_apart = curves.measure(score + n / 1e6, treated, outcome, bootstrap)
    assert [told_apart.tops[top].uplift.value for top in ("10%", "20%", "30%")] == pytest.approx(
        [0.4450127877237852, 0.462406015037594, 0.45174825174825173]
    )


@LOOKS_AT_FOUND
@pytest.mark.req("INC-05")
def test_the_effect_and_those_whom_it_moves_are_found(known: Known, found: Evaluation) -> None:
    (arm,) = found.arms
    true = float(known.effect.mean())
    assert arm.effect.difference.low < true < arm.effect.difference.high
    assert arm.adjusted is not None
    assert arm.adjusted.high - arm.adjusted.low < arm.effect.difference.high - arm.effect.difference.low
    best = curves.measure(
        known.effect, known.experiment.arm == 1, known.experiment.outcome, Bootstrap(known.experiment.arm)
    )
    for name in ("mix", "dr", "t"):
        ranking = arm.rankings[name]
        assert ranking.qini.low > 0
        assert ranking.qini.value > 0.8 * best.qini.value
        assert ranking.tenths[0].uplift.low > ranking.tenths[-1].uplift.high
    assert arm.rankings["response"].qini.value < 0.5 * best.qini.value
    assert list(arm.rankings) == ["mix", "dr", "t", "ct", "response"]
    for name in ("dr", "t", "ct", "response"):
        less = arm.rankings[name].qini_of_first_less
        assert less is not None
        assert less.high > 0
    top = arm.rankings["mix"].tops["30%"]
    assert top.against_chance.low > 0
    assert top.gain.value == pytest.approx(0.3 * top.uplift.value)
    assert arm.effect.total.value == pytest.approx(arm.effect.difference.value * (known.experiment.arm == 1).sum())
    assert arm.verdict is not None
    assert arm.verdict.startswith("Some people are changed more")
    assert not found.warnings


@LOOKS_AT_FOUND
def test_the_learned_rule_is_worth_more_than_any_fixed_one(known: Known, found: Evaluation) -> None:
    by_name = {rule.name: rule for rule in found.policies}
    learned = by_name[LEARNED]
    assert learned.against_best_fixed.low > 0
    assert learned.roii is not None
    assert learned.roii.low > 0
    assert by_name[NOBODY].roii is None
    # What the best rule would bring is known: mail whom it moves by more than it costs.
    gain = 10 * known.effect - 0.2
    brought = learned.value.value - by_name[NOBODY].value.value
    assert float(gain.mean()) < brought < float(np.maximum(gain, 0).mean()) * 1.15
    assert learned.value.low < learned.value_by_weights.value < learned.value.high


@pytest.mark.parametrize("seed", [3, 4])
def test_where_everybody_is_alike_no_ranking_and_no_rule_claims_otherwise(known: Known, seed: int) -> None:
    """Folds that did well by luck are rated low by trees that did not see them: no ranking may look bad by that."""
    rng = np.random.default_rng(seed)
    arm, values = known.experiment.arm, known.experiment.values
    outcome = np.where(rng.random(arm.size) < 0.1, rng.exponential(80, arm.size), 0) + 2.0 * arm
    found = evaluate(Experiment(("control", "mail"), arm, outcome, known.experiment.features, values))
    (one,) = found.arms
    assert one.verdict is not None
    assert "no evidence" in one.verdict
    assert one.rankings["mix"].qini.low < 0 < one.rankings["mix"].qini.high
    assert found.policies[-1].against_best_fixed.value == pytest.approx(0, abs=0.3)


def test_a_ranking_by_chance_is_worth_nothing_and_a_turned_one_the_opposite(known: Known) -> None:
    made = known.experiment
    bootstrap = Bootstrap(made.arm)
    luck = np.random.default_rng(9).random(len(made))
    by_luck = curves.measure(luck, made.arm == 1, made.outcome, bootstrap).qini
    assert by_luck.low < 0 < by_luck.high
    forwards, backwards = (
        curves.measure(sign * known.effect, made.arm == 1, made.outcome, bootstrap).qini for sign in (1, -1)
    )
    assert backwards.high < 0 < forwards.low


@given(st.integers(0, 2**32 - 1), st.integers(2, 60))
def test_curves_end_where_the_average_effect_is(seed: int, people: int) -> None:
    rng = np.random.default_rng(seed)
    treated = np.arange(people) % 2 == 0
    outcome, score = rng.integers(0, 5, people).astype(np.float64), rng.integers(0, 4, people).astype(np.float64)
    difference = outcome[treated].mean() - outcome[~treated].mean()
    assert curves.uplift_curve(score, treated, outcome).value[-1] == pytest.approx(difference * people)
    assert curves.qini_curve(score, treated, outcome).value[-1] == pytest.approx(difference * treated.sum())
    everybody_equal = curves.qini_curve(np.zeros(people), treated, outcome)
    assert everybody_equal.area == pytest.approx(0)


def test_an_assignment_that_features_tell_is_seen_and_adjusted_for() -> None:
    rng = np.random.default_rng(5)
    values = rng.normal(size=(5000, 2)).astype(np.float32)
    arm = (rng.random(5000) < 1 / (1 + np.exp(-values[:, 0]))).astype(np.int16)
    outcome = (rng.random(5000) < 0.3 + 0.1 * np.clip(values[:, 0], -2, 2) + 0.05 * arm).astype(np.float64)
    found = evaluate(Experiment(("control", "mail"), arm, outcome, ("x", "y"), values))
    assert found.is_propensity_estimated
    assert any("not random" in warning for warning in found.warnings)
    (one,) = found.arms
    assert one.adjusted is not None
    assert one.effect.difference.low > 0.07
    assert abs(one.adjusted.value - 0.05) < 0.03


def test_shares_that_were_not_planned_are_an_alarm(known: Known) -> None:
    plain = replace(known.experiment, features=(), values=known.experiment.values[:, :0])
    found = evaluate(plain, plan={"control": 0.4, "mail": 0.6})
    assert found.sample_ratio.is_alarming
    assert "not what was planned" in found.warnings[0]
    assert not found.policies
    unplanned = evaluate(replace(mailing(share=0.85).experiment, features=(), values=plain.values))
    assert unplanned.sample_ratio.plan["mail"] == pytest.approx(0.85)
    assert not unplanned.sample_ratio.is_alarming


def test_columns_that_tell_the_arm_or_say_nothing_are_left_out(known: Known) -> None:
    made = known.experiment
    values = np.column_stack([made.values, made.arm, np.ones(len(made)), made.outcome]).astype(np.float32)
    found = evaluate(replace(made, features=(*made.features, "copy", "same", "answer"), values=values))
    assert found.left_out == {
        "copy": "it tells the arm",
        "same": "it says the same everywhere",
        "answer": "it tells the outcome",
    }


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"outcome": np.zeros(6000)}, "is 0 in every row"),
        ({"outcome": (np.arange(6000) < 7).astype(np.float64)}, "Only 7 rows differ"),
        ({"arm": np.zeros(6000, dtype=np.int16), "names": ("control",)}, "nothing to compare"),
        ({"arm": (np.arange(6000) < 50).astype(np.int16)}, "has 50 rows"),
    ],
)
def test_nonsense_is_refused_in_a_sentence(known: Known, change: dict[str, object], sentence: str) -> None:
    with pytest.raises(ExperimentError, match=sentence):
        evaluate(replace(known.experiment, **change))  # type: ignore[arg-type]  # Any of its fields.


def test_the_control_is_known_by_its_name_or_said() -> None:
    assert control_of(["Mens E-Mail", "No E-Mail"]) == "No E-Mail"
    assert control_of(["a", "B"], said="b") == "B"
    with pytest.raises(ExperimentError, match="--control"):
        control_of(["a", "b"])
    with pytest.raises(ExperimentError, match="No row is of the arm c"):
        control_of(["a", "b"], said="c")


def test_amounts_have_no_best_ranking() -> None:
    known = mailing(people=2000)
    amounts = replace(known.experiment, outcome=known.experiment.outcome * 12.5)
    (arm,) = evaluate(amounts).arms
    ranking = arm.rankings["t"]
    assert ranking.qini_normalised is None
    assert ranking.qini.value > 0
