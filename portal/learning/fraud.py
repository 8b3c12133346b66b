"""The fraud model as a whole: from events of the past to something that scores an event, and back from what is kept."""

from __future__ import annotations

import hashlib
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import orjson

from portal.learning import anomaly
from portal.learning.boosting import FRAUDS_MIN, Matrix, Model, TooFewError, train
from portal.learning.features import Events, Table, build
from portal.learning.fitness import unfit
from portal.learning.measures import Report, measure, not_known_yet
from portal.learning.relations import Relations, find_relations
from portal.learning.relations import from_json as relations_from_json
from portal.learning.windows import DAY_S, Floats
from portal.learning.words import Encoding, learn_encoding, worth_before

# Of the events that may be learned from, the newest that say when to stop.
NEWEST_SHARES = (0.2, 0.35, 0.5)
FORMAT = 1
DELAY_S = 7 * DAY_S
# Of a shorter time the days themselves are too coarse.
DAYS_THAT_COUNT = 20


class ModelAlteredError(ValueError):
    """What is kept is not what was trained."""


@dataclass(frozen=True, slots=True)
class FraudModel:
    """A trained model with all that it needs to score. Times are seconds since 1970."""

    model: Model
    tails: anomaly.Tails
    encodings: dict[str, Encoding]
    relations: Relations
    label_delay_s: float
    learned_from_s: float
    learned_until_s: float
    left_out: dict[str, str]

    def table(self, events: Events) -> Table:
        """The features of events, as it learned them."""
        return build(events, label_delay_s=self.label_delay_s, encodings=self.encodings, relations=self.relations)

    def values(self, table: Table) -> Matrix:
        return table.of(self.model.names)


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Measures over a period: of everybody, and of those whose frauds were not known yet; None without customers.

    `anomaly_roc_auc` is that of the score which never saw a label.
    """

    everybody: Report
    not_known: Report | None
    anomaly_roc_auc: float | None


def learn(events: Events, *, until_s: float, label_delay_s: float, since_s: float | None = None) -> FraudModel:
    """Learn from what was known at `until_s`: labels of events older than the delay. Raises TooFewError."""
    known = (events.at_s < until_s - label_delay_s) & ~np.isnan(events.label)
    if since_s is not None:
        known &= events.at_s >= since_s
    if not known.any():
        raise TooFewError("No event's label was known by then.")
    left_out = unfit(_some(events, known))
    events = _without(events, left_out)
    encodings = {name: learn_encoding(words[known], events.label[known]) for name, words in events.words.items()}
    relations = find_relations(events.amount[known], {name: values[known] for name, values in events.numbers.items()})
    table = build(events, label_delay_s=label_delay_s, encodings=encodings, relations=relations)
    values, label = table.values[known], events.label[known]
    for name, encoding in encodings.items():
        before = worth_before(
            events.words[name], events.at_s, events.label, delay_s=label_delay_s, general=encoding.general
        )
        values[:, table.names.index(f"w_{name}")] = before[known]
    model = train(table.names, values, label, newest=newest_of(label))
    return FraudModel(
        model,
        anomaly.learn_tails(table.names, values[label == 0]),
        encodings,
        relations,
        label_delay_s,
        float(events.at_s[known][0]),
        until_s,
        left_out,
    )


def evaluate(trained: FraudModel, events: Events, table: Table, *, since_s: float, until_s: float) -> Evaluation:
    """Score the events of a period as they came, and compare with what turned out. It may hold none.

    `table` is the model's own of all the events.
    """
    asked = (events.at_s >= since_s) & (events.at_s < until_s)
    values = trained.values(Table(table.names, table.values[asked]))
    margin = trained.model.margin(values) if len(values) else np.zeros(0)
    at_s, label = events.at_s[asked], events.label[asked]
    customer = None if events.customer is None else events.customer[asked]
    probability = trained.model.probability(margin)
    everybody = measure(at_s=at_s, label=label, margin=margin, probability=probability, customer=customer)
    not_known = None
    if events.customer is not None and customer is not None:
        fresh = not_known_yet(events.at_s, events.label, events.customer, delay_s=trained.label_delay_s)[asked]
        not_known = measure(
            at_s=at_s[fresh],
            label=label[fresh],
            margin=margin[fresh],
            probability=probability[fresh],
            customer=customer[fresh],
        )
    unusual = trained.tails.score(values) if len(values) else np.zeros(0)
    alone = measure(at_s=at_s, label=label, margin=unusual, probability=unusual, customer=None)
    return Evaluation(everybody, not_known, alone.roc_auc)


def weights(trained: FraudModel, table: Table, *, sample: int = 5000) -> dict[str, float]:
    """What each feature moves a score by on average, in log-odds; the greatest first."""
    values = trained.values(table)
    some = values[:: max(1, len(values) // sample)]
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
    chosen[::5] = True
    return chosen


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
