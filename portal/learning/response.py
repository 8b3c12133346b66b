"""What an offer adds to the chance of buying, by the churn risk that somebody had before it (INC-01).

Learned only from people who were drawn at random, weighed by how likely their arm was: a square in the churn risk is
fitted to each arm, and the difference of the two is the response.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from portal.learning.windows import Floats

# With fewer in an arm a difference for each kind of customer says nothing.
ARM_MIN = 200
RIDGE = 1.0
Curve = tuple[float, float, float]


def fit_response(treated: npt.NDArray[np.bool_], bought: Floats, churn: Floats, chance: Floats) -> Curve | None:
    """The response as a square in the churn risk (0 to 1); `chance` is that of the arm somebody was drawn into.

    None where an arm has fewer than ARM_MIN people.
    """
    if min(int(treated.sum()), int((~treated).sum())) < ARM_MIN:
        return None
    with_offer, without = (_square(churn[some], bought[some], 1 / chance[some]) for some in (treated, ~treated))
    first, second, third = (with_offer - without).tolist()
    return first, second, third


def response_bp(curve: Curve, churn_bp: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """What an offer adds, in basis points, at most what is left to add."""
    share = churn_bp / 10_000
    added = curve[0] + curve[1] * share + curve[2] * share**2
    return np.rint(np.clip(added, -1, 1) * 10_000).astype(np.int64)


def _square(churn: Floats, bought: Floats, weight: Floats) -> Floats:
    columns = np.column_stack([np.ones(len(churn)), churn, churn**2])
    weighed = columns * (weight / weight.mean())[:, None]
    # The level is not drawn towards zero, the shape is.
    ridge = np.diag([0.0, RIDGE, RIDGE])
    return np.asarray(np.linalg.solve(columns.T @ weighed + ridge, weighed.T @ bought), dtype=np.float64)
