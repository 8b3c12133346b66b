"""Intervals by resampling groups of rows drawn at random.

Every figure here is a function of sums over rows. Rows are put into a few hundred groups at random, sums are made once
per group, and groups are drawn with replacement: millions of rows cost as much as thousands. With no more rows than
groups it is the common bootstrap. Arms are dealt out evenly, as the experiment did.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from portal.learning.windows import Floats, Ints

GROUPS = 400
DRAWS = 1000
LEVEL = 0.95


@dataclass(frozen=True, slots=True)
class Interval:
    """A figure with the range in which it lies in 95 of 100 such samples."""

    value: float
    low: float
    high: float


class Bootstrap:
    """Draws of one experiment's rows, the same ones for all its figures, so that differences can be taken."""

    def __init__(self, strata: npt.NDArray[np.integer], *, seed: int = 20, draws: int = DRAWS) -> None:
        rng = np.random.default_rng(seed)
        rows = int(strata.size)
        self.groups = min(GROUPS, rows)
        # Within each stratum the groups take turns, in an order that is drawn.
        order = np.lexsort((rng.random(rows), strata))
        self.group: Ints = np.empty(rows, dtype=np.int64)
        self.group[order] = np.arange(rows) % self.groups
        self._times = rng.multinomial(self.groups, np.full(self.groups, 1 / self.groups), size=draws).astype(np.float64)

    def sums(self, values: Floats) -> Floats:
        """The sum of the values in each group."""
        return np.bincount(self.group, weights=values, minlength=self.groups).astype(np.float64)

    def sums_by(self, values: Floats, cell: Ints, cells: int) -> Floats:
        """The sum in each group and cell: a row per group."""
        flat = np.bincount(self.group * cells + cell, weights=values, minlength=self.groups * cells)
        return flat.reshape(self.groups, cells).astype(np.float64)

    def drawn(self, sums: Floats) -> Floats:
        """The totals of each draw; `sums` has a row per group."""
        return np.asarray(self._times @ sums)


def interval(value: float, draws: Floats) -> Interval:
    """The percentile interval of the draws around the figure itself."""
    draws = draws[np.isfinite(draws)]
    if not draws.size:
        return Interval(value, float("nan"), float("nan"))
    low, high = np.quantile(draws, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return Interval(value, float(low), float(high))


def ratio(above: Floats, below: Floats) -> Floats:
    """The quotient, NaN where nothing is divided by."""
    shape = np.broadcast_shapes(np.shape(above), np.shape(below))
    return np.asarray(np.divide(above, below, out=np.full(shape, np.nan), where=np.asarray(below) != 0))
