"""What an offer added: people who were drawn for it against people who were drawn for none (INC-05).

By assignment, and never by who used the offer: whoever uses a coupon would often have bought anyway.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from portal.learning.uplift.bootstrap import Bootstrap, Interval, interval
from portal.learning.uplift.curves import qini_curve
from portal.learning.windows import Floats

# With fewer in an arm a difference says nothing.
ARM_MIN = 20


@dataclass(frozen=True, slots=True)
class Outcomes:
    """One row per person: drawn for the offer or not, what he paid within the window, what the offer cost, and a score
    by which people could be ranked (not a number where he has none).

    `is_net` says that the cost was taken off what he paid already, as a coupon is.
    """

    treated: npt.NDArray[np.bool_]
    revenue: Floats
    cost: Floats
    score: Floats
    is_net: bool = False


@dataclass(frozen=True, slots=True)
class Incremental:
    """Differences with their intervals. `revenue` is what all that were drawn for the offer paid more than without it.

    `roii` is (revenue - cost) / cost, and revenue / cost where revenue is net; None where nothing was
    spent. `qini` is the area of the curve by the score, per person treated, above that of any order; None where scores
    are the same.
    """

    treated: int
    control: int
    revenue: Interval
    revenue_each: Interval
    conversion: tuple[float, float]
    conversion_change: Interval
    cost: float
    is_net: bool
    roii: Interval | None
    qini: Interval | None


def measure(outcomes: Outcomes, *, seed: int = 20) -> Incremental | None:
    """Measure; None where an arm has fewer than ARM_MIN people."""
    treated = outcomes.treated
    with_offer, without = int(treated.sum()), int((~treated).sum())
    if min(with_offer, without) < ARM_MIN:
        return None
    bootstrap = Bootstrap(treated.astype(np.int64), seed=seed)
    bought = (outcomes.revenue > 0).astype(np.float64)
    counts = [bootstrap.sums(some.astype(np.float64)) for some in (treated, ~treated)]
    drawn = [np.maximum(bootstrap.drawn(one), 1) for one in counts]

    def change(values: Floats) -> tuple[float, Floats]:
        sums = [bootstrap.drawn(bootstrap.sums(np.where(some, values, 0.0))) for some in (treated, ~treated)]
        each = float(values[treated].mean() - values[~treated].mean())
        return each, sums[0] / drawn[0] - sums[1] / drawn[1]

    each, drawn_each = change(outcomes.revenue)
    conversion, drawn_conversion = change(bought)
    cost = float(outcomes.cost[treated].sum())
    roii = None
    if cost > 0:
        spent = bootstrap.drawn(bootstrap.sums(np.where(treated, outcomes.cost, 0.0))) / drawn[0]
        with np.errstate(divide="ignore", invalid="ignore"):
            off = 0 if outcomes.is_net else 1
            roii = interval((each * with_offer - off * cost) / cost, (drawn_each - off * spent) / spent)
    return Incremental(
        treated=with_offer,
        control=without,
        revenue=interval(each * with_offer, drawn_each * with_offer),
        revenue_each=interval(each, drawn_each),
        conversion=(float(bought[treated].mean()), float(bought[~treated].mean())),
        conversion_change=interval(conversion, drawn_conversion),
        cost=cost,
        is_net=outcomes.is_net,
        roii=roii,
        qini=_qini(outcomes, bought, seed),
    )


def in_whole(found: Interval, *, scale: int = 1, less: float = 0) -> tuple[int, int, int] | None:
    """The figure and its ends in whole `scale`ths, with `less` taken off each; None where an end is not known."""
    ends = [(end - less) * scale for end in (found.value, found.low, found.high)]
    if not np.isfinite(ends).all():
        return None
    value, low, high = (round(end) for end in ends)
    return value, low, high


def _qini(outcomes: Outcomes, bought: Floats, seed: int) -> Interval | None:
    known = ~np.isnan(outcomes.score)
    score, treated, bought = outcomes.score[known], outcomes.treated[known], bought[known]
    if min(int(treated.sum()), int((~treated).sum())) < ARM_MIN or np.ptp(score) == 0:
        return None
    scale = float(len(score)) * float(treated.sum())
    rng = np.random.default_rng(seed)
    draws = []
    for _ in range(200):
        rows = rng.integers(0, len(score), len(score))
        if treated[rows].any() and not treated[rows].all():
            draws.append(qini_curve(score[rows], treated[rows], bought[rows]).area / scale)
    return interval(qini_curve(score, treated, bought).area / scale, np.array(draws))
