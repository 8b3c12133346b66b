from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from portal.learning import fraud
from portal.learning.anomaly import learn_tails
from portal.learning.boosting import TooFewError
from portal.learning.features import Events, build
from portal.learning.fitness import unfit
from portal.learning.held import HeldOut, draw
from portal.learning.measures import card_precision, measure, not_known_yet
from portal.learning.windows import DAY_S
from portal.learning.words import Words, learn_encoding
from tests.factories.card_events import card_events, day_s

DELAY_S = 7 * DAY_S
# What takes long to learn is learned by one worker for all who look at it.
LOOKS_AT_TRAINED = pytest.mark.xdist_group("trained")


@pytest.fixture(scope="module")
def events() -> Events:
    return card_events()


@pytest.fixture(scope="module")
def trained(events: Events) -> fraud.FraudModel:
    return fraud.learn(events, until_s=day_s(60), label_delay_s=DELAY_S)


def first(events: Events, count: int) -> Events:
    assert events.customer is not None
    assert events.terminal is not None
    return Events(
        events.at_s[:count],
        events.amount[:count],
        events.label[:count],
        events.customer[:count],
        events.terminal[:count],
    )


@pytest.mark.req("FRD-01", "FRD-10")
def test_no_feature_sees_what_came_later(events: Events) -> None:
    count = len(events) // 2
    # Frauds of the last days before are not told yet: were they seen, the features would differ.
    unlabelled = replace(events, label=np.where(events.at_s > events.at_s[count] - DELAY_S, 0.0, events.label))
    then = build(first(events, count), label_delay_s=DELAY_S)
    later = build(unlabelled, label_delay_s=DELAY_S)
    np.testing.assert_allclose(then.values, later.values[:count], rtol=1e-3)


@LOOKS_AT_TRAINED
@pytest.mark.req("FRD-09")
def test_it_ranks_frauds_it_has_never_seen_first(events: Events, trained: fraud.FraudModel) -> None:
    found = fraud.evaluate(trained, events, trained.table(events), since_s=day_s(60), until_s=day_s(75))
    report = found.everybody
    assert report.frauds > 20
    assert report.average_precision is not None
    assert report.average_precision > 15 * report.frauds / report.events
    assert report.roc_auc is not None
    assert report.roc_auc > 0.75
    assert found.anomaly_roc_auc is not None
    assert found.anomaly_roc_auc > 0.6
    assert found.not_known is not None
    assert found.not_known.events < report.events


@LOOKS_AT_TRAINED
@pytest.mark.req("FRD-01", "FRD-09")
def test_the_reasons_of_a_score_add_up_to_it(events: Events, trained: fraud.FraudModel) -> None:
    values = trained.values(trained.table(events))[-200:]
    parts = trained.model.contributions(values)
    assert parts.shape == (200, len(trained.model.names) + 1)
    np.testing.assert_allclose(parts.sum(axis=1), trained.model.margin(values), atol=1e-3)


@LOOKS_AT_TRAINED
@pytest.mark.req("FRD-09")
def test_what_is_kept_scores_the_same_and_what_was_altered_is_refused(
    events: Events, trained: fraud.FraudModel
) -> None:
    kept, trees = fraud.to_json(trained), trained.model.trees
    sha256 = fraud.fingerprint(kept, trees)
    read = fraud.from_json(kept, trees, sha256)
    table = trained.table(events)
    margin = trained.model.margin(trained.values(table))
    np.testing.assert_array_equal(read.model.margin(read.values(table)), margin)
    np.testing.assert_array_equal(read.model.probability(margin), trained.model.probability(margin))
    for altered, other in ((kept | {"label_delay_s": 0.0}, trees), (kept, trees + " "), ({"format": 99}, trees)):
        with pytest.raises(fraud.ModelAlteredError):
            fraud.from_json(altered, other, sha256)


@pytest.mark.parametrize("until", [8, 20])
def test_too_little_to_learn_from_is_said(events: Events, until: int) -> None:
    few = replace(events, label=np.where(events.at_s < day_s(16), 0.0, events.label))
    with pytest.raises(TooFewError, match="too few of one kind"):
        fraud.learn(few, until_s=day_s(until), label_delay_s=DELAY_S)
    with pytest.raises(TooFewError, match="No event's label was known"):
        fraud.learn(few, until_s=day_s(0), label_delay_s=DELAY_S)


@pytest.mark.req("FRD-09")
def test_columns_that_tell_the_answer_or_the_time_are_left_out(events: Events) -> None:
    count = len(events)
    noise = np.random.default_rng(3).random(count)
    told = replace(
        events,
        numbers={"scenario": events.label * 2, "row": np.arange(count, dtype=float), "noise": noise, "one": noise * 0},
        words={
            "kind": Words.of(np.where(events.label == 1, "bad", "good")),
            "ref": Words.of([f"r{n}" for n in range(count)]),
            "colour": Words.of(np.where(noise < 0.5, "red", "blue")),
        },
    )
    assert unfit(told) == {
        "scenario": "it tells the label",
        "row": "it runs with the time",
        "one": "it says the same everywhere",
        "kind": "it tells the label",
        "ref": "it names single events",
    }


def test_a_word_is_worth_its_share_of_frauds_and_a_strange_one_the_general_share() -> None:
    words = Words.of(["a"] * 1000 + ["b"] * 1000)
    encoding = learn_encoding(words, np.array([1.0, 0.0] * 500 + [0.0] * 1000))
    a, b, strange = encoding(Words.of(["a", "b", "c"]))
    assert a > 0.45
    assert b < 0.05
    assert strange == encoding.general == 0.25


def test_the_tails_know_what_is_unusual_in_either_direction() -> None:
    usual = np.random.default_rng(5).normal(size=(2000, 3)).astype(np.float32)
    tails = learn_tails(("a", "b", "c"), usual)
    low, middle, high, unknown = tails.score(
        np.array([[-6, -6, -6], [0, 0, 0], [6, 6, 6], [np.nan] * 3], dtype=np.float32)
    )
    assert low > 0.99
    assert high > 0.99
    assert middle < 0.05
    assert unknown <= middle


@pytest.mark.req("FRD-09")
def test_measures_of_a_perfect_and_of_no_ranking() -> None:
    at_s, customer = np.array([0.0, 1.0, 2.0, DAY_S]), np.array([1, 2, 3, 1])
    label = np.array([1.0, 0.0, 0.0, 1.0])
    perfect = measure(at_s=at_s, label=label, margin=label, probability=label, customer=customer)
    assert (perfect.average_precision, perfect.roc_auc, perfect.brier) == (1, 1, 0)
    # With one defrauded on the first day alone nobody finds more among a hundred.
    assert perfect.card_precision_at_100 == perfect.card_precision_at_best == 0.01
    # Customer 1 was found on the first day; on the second nobody is left to ask about.
    assert card_precision(at_s, label, label, customer, k=1) == 1
    assert card_precision(at_s, label, -label, customer, k=1) == 0.5
    nothing = measure(at_s=at_s[:0], label=label[:0], margin=label[:0], probability=label[:0], customer=None)
    assert (nothing.events, nothing.average_precision, nothing.roc_auc, nothing.bands) == (0, None, None, ())
    honest = measure(at_s=at_s, label=np.zeros(4), margin=label, probability=label, customer=None)
    assert (honest.average_precision, honest.roc_auc) == (None, None)


def test_who_was_defrauded_is_known_after_the_delay_and_from_the_first_day_of_learning_on() -> None:
    at_s = np.array([0.0, 5.0, 9.0, 40.0, 40.0]) * DAY_S
    label, customer = np.array([1.0, 0.0, 0.0, 0.0, 1.0]), np.array([1, 1, 1, 1, 2])

    def known_since(day: int) -> list[bool]:
        return [bool(one) for one in not_known_yet(at_s, label, customer, delay_s=DELAY_S, since_s=day * DAY_S)]

    assert known_since(0) == [True, True, False, False, True]
    assert known_since(1) == [True] * 5


def test_where_the_newest_hold_too_few_frauds_more_or_others_say_when_to_stop() -> None:
    frauds = np.zeros(1000)
    frauds[:700:20] = 1
    assert np.flatnonzero(fraud.newest_of(frauds))[0] == 500
    frauds[300:] = 0
    assert fraud.newest_of(frauds).sum() == 200
    frauds[850::10] = 1
    assert np.flatnonzero(fraud.newest_of(frauds))[0] == 800


@pytest.mark.req("FRD-09")
def test_labels_of_drawn_events_are_seen_by_nothing_that_learns(events: Events) -> None:
    held = draw(events, share=0.25, seed=4, stratified=True)
    drawn = held.of(events)
    for label in (0, 1):
        assert abs(drawn[events.label == label].mean() - 0.25) < 0.01
    np.testing.assert_array_equal(held.of(first(events, 5000)), drawn[:5000])
    assert HeldOut.from_json(held.to_json()) == held
    # Only who is drawn decides here, and not what the label of a drawn one says.
    held = replace(held, others_below=held.frauds_below)
    turned = replace(events, label=np.where(held.of(events), 1 - events.label, events.label))
    end_s = day_s(75)
    one, other = (
        fraud.learn(some, until_s=end_s, label_delay_s=DELAY_S, held=held, learned_max=2000)
        for some in (events, turned)
    )
    prints = {fraud.fingerprint(fraud.to_json(each), each.model.trees) for each in (one, other)}
    assert len(prints) == 1
    assert one.others_share < 1
    np.testing.assert_array_equal(one.table(events).values, other.table(turned).values)
    report = fraud.evaluate(one, events, one.table(events), since_s=0, until_s=end_s).everybody
    assert report.events == held.of(events).sum()
    assert report.average_precision is not None
    assert report.average_precision > 15 * report.frauds / report.events
