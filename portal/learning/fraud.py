"""The fraud model as a whole: from events of the past to something that scores an event, and back from what is kept."""

from __future__ import annotations

import hashlib
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import orjson

from portal.learning import anomaly
from portal.learning.boosting import FRAUDS_MIN, Matrix, Model, TooFewError, pieces, train
from portal.learning.features import Events, Table, build
from portal.learning.fitness import evenly, unfit
from portal.learning.held import HeldOut
from portal.learning.measures import Report, measure, not_known_yet
from portal.learning.relations import Relations, find_relations
from portal.learning.relations import from_json as relations_from_json
from portal.learning.windows import DAY_S, Floats, Ints
from portal.learning.words import Encoding, learn_encoding, worth_before

# Of the events that may be learned from, the newest that say when to stop.
NEWEST_SHARES = (0.2, 0.35, 0.5)
FORMAT = 1
DELAY_S = 7 * DAY_S
# Of a shorter time the days themselves are too coarse.
DAYS_THAT_COUNT = 20
# Of more events than this all frauds are learned from, and of the others as many as there is room for.
LEARNED_MAX = 300_000
CELLS_MAX = 80_000_000
SEED = 20


class ModelAlteredError(ValueError):
    """What is kept is not what was trained."""


@dataclass(frozen=True, slots=True)
class FraudModel:
    """A trained model with all that it needs to score. Times are seconds since 1970.

    `held` are the events that were drawn to be measured on, None where it learned by time. `others_share` is the share
    of events without fraud that it learned from, each counted for as many as it stands for.
    """

    model: Model
    tails: anomaly.Tails
    encodings: dict[str, Encoding]
    relations: Relations
    label_delay_s: float
    learned_from_s: float
    learned_until_s: float
    left_out: dict[str, str]
    held: HeldOut | None = None
    others_share: float = 1.0

    def table(self, events: Events) -> Table:
        """The features of events, as it learned them."""
        if self.held is not None:
            events = self.held.hidden(events)
        return build(events, label_delay_s=self.label_delay_s, encodings=self.encodings, relations=self.relations)

    def values(self, table: Table, places: Ints | None = None) -> Matrix:
        """The features that it sees, of the events in these places or of all."""
        return table.rows(self.model.names, np.arange(table.size) if places is None else places)

    def learned(self, events: Events) -> npt.NDArray[np.bool_]:
        """The events of its own set that it learned from."""
        return may_learn(
            events,
            until_s=self.learned_until_s,
            delay_s=self.label_delay_s,
            since_s=self.learned_from_s,
            held=self.held,
        )


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Measures over a period: of everybody, and of those whose frauds were not known yet; None without customers.

    `anomaly_roc_auc` is that of the score which never saw a label.
    """

    everybody: Report
    not_known: Report | None
    anomaly_roc_auc: float | None


def may_learn(
    events: Events, *, until_s: float, delay_s: float, since_s: float | None, held: HeldOut | None
) -> npt.NDArray[np.bool_]:
    """The events whose labels are known at `until_s`; of a set of which some are drawn, all the others."""
    told = ~np.isnan(events.label)
    told &= events.at_s < until_s - delay_s if held is None else ~held.of(events)
    if since_s is not None:
        told &= events.at_s >= since_s
    return told


def learn(
    events: Events,
    *,
    until_s: float,
    label_delay_s: float,
    since_s: float | None = None,
    held: HeldOut | None = None,
    learned_max: int = LEARNED_MAX,
) -> FraudModel:
    """Learn from what was known at `until_s`: labels of events older than the delay. Raises TooFewError.

    With `held` it learns from all times but these events, whose labels nothing sees.
    """
    known = may_learn(events, until_s=until_s, delay_s=label_delay_s, since_s=since_s, held=held)
    if not known.any():
        raise TooFewError("No event's label was known by then.")
    if held is not None:
        events = held.hidden(events)
    left_out = unfit(_some(events, evenly(np.flatnonzero(known))))
    events = _without(events, left_out)
    encodings = {name: learn_encoding(words[known], events.label[known]) for name, words in events.words.items()}
    relations = find_relations(events.amount[known], {name: values[known] for name, values in events.numbers.items()})
    table = build(events, label_delay_s=label_delay_s, encodings=encodings, relations=relations)
    then = dict(table.columns)
    for name, encoding in encodings.items():
        then[f"w_{name}"] = worth_before(
            events.words[name], events.at_s, events.label, delay_s=label_delay_s, general=encoding.general
        ).astype(np.float32)
    places, others_share = _sample(np.flatnonzero(known), events.label, min(learned_max, CELLS_MAX // len(table.names)))
    label = events.label[places]
    model = train(
        table.names,
        lambda some: Table(then, table.size).rows(table.names, places[some]),
        label,
        newest=newest_of(label) if held is None else _each_fifth(label),
        weight=np.where(label == 1, 1.0, 1 / others_share),
    )
    usual = places[label == 0][:: max(1, int((label == 0).sum()) // anomaly.SAMPLE)]
    return FraudModel(
        model,
        anomaly.learn_tails(table.names, Table(then, table.size).rows(table.names, usual)),
        encodings,
        relations,
        label_delay_s,
        float(events.at_s[known][0]),
        until_s,
        left_out,
        held,
        others_share,
    )


def _sample(places: Ints, label: Floats, most: int) -> tuple[Ints, float]:
    """All frauds and of the others as many as there is room for, at least as many again; and the others' share."""
    frauds = label[places] == 1
    others = int((~frauds).sum())
    share = max(most - int(frauds.sum()), int(frauds.sum())) / others if others else 1.0
    if share >= 1:
        return places, 1.0
    drawn = frauds | (np.random.default_rng(SEED).random(places.size) < share)
    return places[drawn], share


def evaluate(trained: FraudModel, events: Events, table: Table, *, since_s: float, until_s: float) -> Evaluation:
    """Score the events of a period as they came, and compare with what turned out. It may hold none.

    `table` is the model's own of all the events. A model that learned from all times is asked only about the events
    that were drawn, and there nobody's frauds are known.
    """
    places = np.flatnonzero(measured_on(trained.held, events, since_s=since_s, until_s=until_s))
    margin = np.concatenate(
        [np.zeros(0), *(trained.model.margin(trained.values(table, some)) for some in pieces(places))]
    )
    at_s, label = events.at_s[places], events.label[places]
    customer = None if events.customer is None else events.customer[places]
    probability = trained.model.probability(margin)
    everybody = measure(at_s=at_s, label=label, margin=margin, probability=probability, customer=customer)
    not_known = None
    if events.customer is not None and customer is not None and trained.held is None:
        of_all = not_known_yet(
            events.at_s,
            events.label,
            events.customer,
            delay_s=trained.label_delay_s,
            since_s=trained.learned_from_s,
        )
        fresh = of_all[places]
        not_known = measure(
            at_s=at_s[fresh],
            label=label[fresh],
            margin=margin[fresh],
            probability=probability[fresh],
            customer=customer[fresh],
        )
    unusual = np.concatenate(
        [np.zeros(0), *(trained.tails.score(trained.values(table, some)) for some in pieces(places))]
    )
    alone = measure(at_s=at_s, label=label, margin=unusual, probability=unusual, customer=None)
    return Evaluation(everybody, not_known, alone.roc_auc)


def measured_on(held: HeldOut | None, events: Events, *, since_s: float, until_s: float) -> npt.NDArray[np.bool_]:
    """The events of a period that are measured on; of a set of which some were drawn, these alone."""
    asked = (events.at_s >= since_s) & (events.at_s < until_s)
    return asked if held is None else asked & held.of(events)


def weights(trained: FraudModel, table: Table, *, sample: int = 2000) -> dict[str, float]:
    """What each feature moves a score by on average, in log-odds; the greatest first.

    To explain an event takes a hundred times as long as to score it: of more than `sample` so many are asked, spread
    evenly.
    """
    some = trained.values(table, np.arange(0, table.size, max(1, -(-table.size // sample))))
    means = np.abs(trained.model.contributions(some)[:, :-1]).mean(axis=0)
    order = np.argsort(-means)
    return {trained.model.names[place]: float(means[place]) for place in order}


def newest_of(label: Floats) -> npt.NDArray[np.bool_]:
    """The events that say when to stop: the newest fifth, more where it holds too few frauds, else every fifth."""
    chosen = np.zeros(label.size, dtype=bool)
    for share in NEWEST_SHARES:
        start = int(label.size * (1 - share))
        if min(label[start:].sum(), label[:start].sum()) >= FRAUDS_MIN:
            chosen[start:] = True
            return chosen
    return _each_fifth(label)


def _each_fifth(label: Floats) -> npt.NDArray[np.bool_]:
    return np.asarray(np.arange(label.size) % 5 == 0)


def default_until(events: Events, share: float = 0.8) -> float:
    """The beginning of the day by which this share of the events had come; what comes after it is for measuring."""
    place = min(int(len(events) * share), len(events) - 1)
    at_s = float(events.at_s[place])
    return float(np.floor(at_s / DAY_S) * DAY_S) if _span_s(events) > DAYS_THAT_COUNT * DAY_S else at_s


def default_delay_s(events: Events) -> float:
    """How long labels take where nobody says: a week, and of a short time its twentieth part."""
    return min(DELAY_S, _span_s(events) / 20)


def _span_s(events: Events) -> float:
    return float(events.at_s[-1] - events.at_s[0]) if len(events) else 0.0


def to_json(trained: FraudModel) -> dict[str, Any]:
    """Everything but the trees, as plain values."""
    rising: tuple[Floats, Floats] = trained.model.calibration
    return {
        "format": FORMAT,
        "names": list(trained.model.names),
        "calibration": [points.tolist() for points in rising],
        "tails": trained.tails.to_json(),
        "encodings": {name: asdict(encoding) for name, encoding in trained.encodings.items()},
        "relations": trained.relations.to_json(),
        "label_delay_s": trained.label_delay_s,
        "learned_from_s": trained.learned_from_s,
        "learned_until_s": trained.learned_until_s,
        "left_out": trained.left_out,
        "held": trained.held.to_json() if trained.held else None,
        "others_share": trained.others_share,
    }


def from_json(kept: dict[str, Any], trees: str, sha256: str) -> FraudModel:
    """Read a model back. Raises ModelAlteredError unless it is what was trained, to the last digit."""
    if kept.get("format") != FORMAT or fingerprint(kept, trees) != sha256:
        raise ModelAlteredError("The model is not what was trained: its fingerprint differs.")
    x, y = (np.array(points) for points in kept["calibration"])
    return FraudModel(
        Model(tuple(kept["names"]), trees, (x, y)),
        anomaly.from_json(kept["tails"]),
        {name: Encoding(**encoding) for name, encoding in kept["encodings"].items()},
        relations_from_json(kept.get("relations")),
        kept["label_delay_s"],
        kept["learned_from_s"],
        kept["learned_until_s"],
        kept["left_out"],
        HeldOut.from_json(kept.get("held")),
        kept.get("others_share", 1.0),
    )


def fingerprint(kept: dict[str, Any], trees: str) -> str:
    """SHA-256 over all that decides a score."""
    return hashlib.sha256(orjson.dumps(kept, option=orjson.OPT_SORT_KEYS) + trees.encode()).hexdigest()


def _some(events: Events, asked: Any) -> Events:
    return Events(
        events.at_s[asked],
        events.amount[asked],
        events.label[asked],
        numbers={name: values[asked] for name, values in events.numbers.items()},
        words={name: words[asked] for name, words in events.words.items()},
    )


def _without(events: Events, names: dict[str, str]) -> Events:
    return Events(
        events.at_s,
        events.amount,
        events.label,
        events.customer,
        events.terminal,
        {name: values for name, values in events.numbers.items() if name not in names},
        {name: words for name, words in events.words.items() if name not in names},
    )
