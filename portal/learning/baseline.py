"""What plain gradient boosting makes of the columns as they stand: what any model of ours has to be worth more than."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from portal.learning.boosting import BINS, binned, pieces, threads_for
from portal.learning.features import Column, Events, Table
from portal.learning.measures import Report, measure
from portal.learning.windows import Floats, Ints

# As somebody would begin with, who trusts the library.
PARAMETERS: dict[str, Any] = {
    "objective": "binary:logistic",
    "tree_method": "hist",
    "max_bin": BINS,
    "max_depth": 6,
    "eta": 0.1,
    "subsample": 0.8,
    "colsample_bytree": 0.8,
    "seed": 20,
}
ROUNDS = 200


def measure_baseline(
    events: Events,
    *,
    learned: npt.NDArray[np.bool_],
    measured: npt.NDArray[np.bool_],
    left_out: dict[str, str],
    most: int,
) -> Report | None:
    """Learn from some events, measure on others; columns that tell the label are left out here, too.

    Of more than `most` events every so many are learned from. None where there is nothing to learn.
    """
    import xgboost

    table = raw_table(events, left_out)
    places = np.flatnonzero(learned)
    frauds = events.label[places] == 1
    if not frauds.any() or frauds.all():
        return None
    # All frauds, and of the others every so many: as heavy as those they stand for.
    every = max(1, int(np.ceil((~frauds).sum() / most)))
    drawn = frauds | (np.cumsum(~frauds) % every == 0)
    places, frauds = places[drawn], frauds[drawn]

    def rows(some: Ints) -> npt.NDArray[np.float32]:
        return table.rows(table.names, places[some])

    here = np.arange(places.size)
    heavy = np.where(frauds, 1.0, float(every))
    parameters = PARAMETERS | {"nthread": threads_for(places.size)}
    trees = xgboost.train(parameters, binned(rows, here, events.label[places], heavy), ROUNDS)
    asked = np.flatnonzero(measured)
    margin = [
        trees.inplace_predict(table.rows(table.names, some), predict_type="margin").astype(np.float64)
        for some in pieces(asked)
    ]
    ranked: Floats = np.concatenate([np.zeros(0), *margin])
    return measure(
        at_s=events.at_s[asked],
        label=events.label[asked],
        margin=ranked,
        probability=1 / (1 + np.exp(-ranked)),
        customer=None if events.customer is None else events.customer[asked],
    )


def raw_table(events: Events, left_out: dict[str, str]) -> Table:
    """Each column as it stands; names and words as numbers in the order in which they came."""
    columns: dict[str, Column] = {"at": (events.at_s - events.at_s.min(initial=np.inf)).astype(np.float32)}
    columns["amount"] = events.amount
    for name, codes in (("customer", events.customer), ("terminal", events.terminal)):
        if codes is not None:
            columns[name] = codes.astype(np.float32)
    columns |= {f"x_{name}": values for name, values in events.numbers.items() if name not in left_out}
    columns |= {
        f"w_{name}": words.codes.astype(np.float32) for name, words in events.words.items() if name not in left_out
    }
    return Table(columns, len(events))
