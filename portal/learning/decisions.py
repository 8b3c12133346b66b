"""The model of the mall's own decisions: learned from the features that were kept with each, once labels are known.

It sees what a rule sees. Amounts are told as shares of what is usual in their currency, as a model knows no currencies.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from portal.learning import anomaly, fraud
from portal.learning.boosting import Model, TooFewError, train
from portal.learning.measures import Report, measure
from portal.learning.windows import Floats, Ints

FORMAT = "decisions-1"
HELD_SHARE = 0.2
EVENTS_MIN = 200
PARTS_KEPT = 8
BINS = 10

# Plain values of a decision by the feature's name, and its currency.
Plain = Mapping[str, float | None]
Vector = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Labelled:
    """Decisions in the order of time. `label` is 1 for fraud and 0 for none."""

    at_s: Floats
    label: Floats
    customer: Ints
    rows: Sequence[Plain]
    currencies: Sequence[str]


@dataclass(frozen=True, slots=True)
class Scored:
    """Risk and unusualness in per cent, and what each feature adds to the log-odds: the greatest first."""

    risk: float
    anomaly: float
    parts: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class DecisionModel:
    """A trained model with all that it needs to score a decision. `usual` is the median amount by currency."""

    model: Model
    tails: anomaly.Tails
    names: tuple[str, ...]
    money: frozenset[str]
    usual: Mapping[str, float]
    learned_until_s: float

    def vector(self, row: Plain, currency: str | None) -> Vector:
        """The features in the model's order; what is not known is NaN."""
        usual = self.usual.get(currency or "")
        return np.array([[_cell(row.get(name), name in self.money, usual) for name in self.names]], dtype=np.float32)

    def score(self, row: Plain, currency: str | None) -> Scored:
        """Score one decision."""
        values = self.vector(row, currency)
        parts = self.model.contributions(values)[0]
        risk = float(self.model.probability(np.array([parts.sum()]))[0])
        order = np.argsort(-np.abs(parts[:-1]))[:PARTS_KEPT]
        told = {self.names[place]: round(float(parts[place]), 4) for place in order if parts[place]}
        return Scored(round(100 * risk, 2), round(100 * float(self.tails.score(values)[0]), 2), told)


def learn(past: Labelled, *, names: Sequence[str], money: frozenset[str]) -> tuple[DecisionModel, Report]:
    """Learn from the older four fifths and measure on the newest; the model that is returned is the measured one.

    Raises TooFewError.
    """
    if past.at_s.size < EVENTS_MIN:
        raise TooFewError(f"{past.at_s.size} decisions have a label: {EVENTS_MIN} are needed.")
    cut = int(past.at_s.size * (1 - HELD_SHARE))
    usual = _usual(past.rows[:cut], past.currencies[:cut])
    values = np.array(
        [
            [_cell(row.get(name), name in money, usual.get(currency)) for name in names]
            for row, currency in zip(past.rows, past.currencies, strict=True)
        ],
        dtype=np.float32,
    )
    label = past.label[:cut]
    model = train(tuple(names), values[:cut].__getitem__, label, newest=fraud.newest_of(label))
    tails = anomaly.learn_tails(tuple(names), values[:cut][label == 0])
    made = DecisionModel(model, tails, tuple(names), money, usual, float(past.at_s[cut - 1]))
    margin = model.margin(values[cut:]) if cut < past.at_s.size else np.zeros(0)
    report = measure(
        at_s=past.at_s[cut:],
        label=past.label[cut:],
        margin=margin,
        probability=model.probability(margin),
        customer=past.customer[cut:],
    )
    return made, report


def drift(model: DecisionModel, rows: Sequence[Plain], currencies: Sequence[str]) -> dict[str, float]:
    """How far each feature has moved from what was usual in training: the population stability index, greatest first.

    Below 0.1 is little, above 0.25 much.
    """
    values = np.vstack([model.vector(row, currency) for row, currency in zip(rows, currencies, strict=True)])
    found = {}
    for place, name in enumerate(model.names):
        known = values[:, place][~np.isnan(values[:, place])]
        edges = np.unique(model.tails.quantiles[place][:: max(1, anomaly.POINTS // BINS)])[1:-1]
        if not known.size or not edges.size:
            continue
        was = np.bincount(np.searchsorted(edges, model.tails.quantiles[place], side="right"), minlength=edges.size + 1)
        now = np.bincount(np.searchsorted(edges, known, side="right"), minlength=edges.size + 1)
        before, after = (np.maximum(counts / counts.sum(), 1e-3) for counts in (was, now))
        found[name] = float(((after - before) * np.log(after / before)).sum())
    return dict(sorted(found.items(), key=lambda one: -one[1]))


def to_json(model: DecisionModel) -> dict[str, Any]:
    """Everything but the trees, as plain values."""
    return {
        "format": FORMAT,
        "names": list(model.names),
        "money": sorted(model.money),
        "usual": dict(model.usual),
        "calibration": [points.tolist() for points in model.model.calibration],
        "tails": model.tails.to_json(),
        "learned_until_s": model.learned_until_s,
    }


def from_json(kept: dict[str, Any], trees: str, sha256: str) -> DecisionModel:
    """Read a model back. Raises fraud.ModelAlteredError unless it is what was trained, to the last digit."""
    if kept.get("format") != FORMAT or fraud.fingerprint(kept, trees) != sha256:
        raise fraud.ModelAlteredError("The model is not what was trained: its fingerprint differs.")
    x, y = (np.array(points) for points in kept["calibration"])
    return DecisionModel(
        Model(tuple(kept["names"]), trees, (x, y)),
        anomaly.from_json(kept["tails"]),
        tuple(kept["names"]),
        frozenset(kept["money"]),
        kept["usual"],
        kept["learned_until_s"],
    )


def _cell(value: float | None, is_money: bool, usual: float | None) -> float:
    if value is None:
        return np.nan
    if is_money:
        return value / usual if usual else np.nan
    return value


def _usual(rows: Sequence[Plain], currencies: Sequence[str]) -> dict[str, float]:
    amounts: dict[str, list[float]] = {}
    for row, currency in zip(rows, currencies, strict=True):
        amount = row.get("amount")
        if amount:
            amounts.setdefault(currency, []).append(amount)
    return {currency: float(np.median(found)) for currency, found in amounts.items()}
