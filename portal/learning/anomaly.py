"""How unusual an event is, without any label: the empirical tails of each feature, added up.

ECOD (Li et al., *ECOD: Unsupervised Outlier Detection Using Empirical Cumulative Distribution Functions*, 2022).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from portal.learning.windows import Floats

POINTS = 512
# So many rows say what is usual as well as all.
SAMPLE = 100_000
Matrix = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Tails:
    """Of each feature `POINTS` quantiles of what is usual, and of the whole the scores of usual events."""

    names: tuple[str, ...]
    quantiles: Floats
    usual_scores: Floats

    def score(self, values: Matrix) -> Floats:
        """The share of usual events that are less unusual than each of these: 0 to 1."""
        return np.searchsorted(self.usual_scores, _raw(values, self.quantiles)) / self.usual_scores.size

    def to_json(self) -> dict[str, Any]:
        """Plain values, for the database."""
        return {
            "names": list(self.names),
            "quantiles": self.quantiles.tolist(),
            "usual_scores": self.usual_scores.tolist(),
        }


def from_json(kept: dict[str, Any]) -> Tails:
    """Read the tails back."""
    return Tails(tuple(kept["names"]), np.array(kept["quantiles"]), np.array(kept["usual_scores"]))


def learn_tails(names: tuple[str, ...], values: Matrix) -> Tails:
    """Learn what is usual. A feature that nobody knows of is left aside."""
    filled = np.where(np.isnan(values), np.nanmedian(np.vstack([values, np.zeros_like(values[:1])]), axis=0), values)
    quantiles = np.quantile(filled, np.linspace(0, 1, POINTS), axis=0).T.astype(np.float64)
    return Tails(names, quantiles, np.quantile(_raw(values, quantiles), np.linspace(0, 1, POINTS)))


def _raw(values: Matrix, quantiles: Floats) -> Floats:
    total = np.zeros(len(values))
    for column, points in zip(values.T, quantiles, strict=True):
        left = (np.searchsorted(points, column, side="right") + 1) / (POINTS + 2)
        right = (POINTS - np.searchsorted(points, column, side="left") + 1) / (POINTS + 2)
        rare = -np.log(np.minimum(np.minimum(left, right) * 2, 1.0))
        total += np.where(np.isnan(column), 0.0, rare)
    return total
