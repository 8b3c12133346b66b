"""How well a ranking finds those whom a treatment changes: Qini and uplift curves, their areas, and tenths.

Definitions are those of scikit-uplift 0.5, the usual reference. Sort by score, the highest first. With Nt, Nc people
and Yt, Yc outcomes among the first n, treated and in control,

    Qini curve    Yt - Yc * Nt / Nc                      (Radcliffe 2007)
    uplift curve  (Yt / Nt - Yc / Nc) * (Nt + Nc)

with one point per distinct score and 0 where Nc (or Nt) is 0. The area of a curve is less the area below the straight
line to its end, which a ranking by chance gets. Normalised, it is divided by that of the best possible ranking, which
knows each outcome; outcomes that are amounts have none.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from portal.learning.uplift.bootstrap import Bootstrap, Interval, interval, ratio
from portal.learning.windows import Floats, Ints

BINS = 500
POINTS = 100
TENTHS = 10
TOPS = (0.1, 0.2, 0.3)


@dataclass(frozen=True, slots=True)
class Points:
    """A curve: how many people from the top, and its value there."""

    people: Floats
    value: Floats

    @property
    def area(self) -> float:
        """Below the curve and above the straight line to its end."""
        straight = self.people[-1] * self.value[-1] / 2
        return float(np.trapezoid(self.value, self.people) - straight)


@dataclass(frozen=True, slots=True)
class Tenth:
    """A tenth of the people, from the highest scores down: what was foretold and what the experiment shows."""

    people: int
    treated: int
    foretold: float
    treated_mean: float
    control_mean: float
    uplift: Interval


@dataclass(frozen=True, slots=True)
class Ranking:
    """The measures of one ranking.

    `qini` and `auuc` are areas per person: divided by people times treated, and by people squared. The normalised ones
    are scikit-uplift's `qini_auc_score`, the same with `negative_effect=False`, and `uplift_auc_score`.
    """

    qini: Interval
    qini_normalised: Interval | None
    qini_without_harm: Interval | None
    auuc: Interval
    auuc_normalised: Interval | None
    uplift_at: dict[str, Interval]
    tenths: tuple[Tenth, ...]
    curve: tuple[tuple[float, float], ...]


def qini_curve(score: Floats, treated: npt.NDArray[np.bool_], outcome: Floats) -> Points:
    """Extra outcomes among the treated from the top down."""
    count = _counted(score, treated, outcome)
    return _points(count, _qini(count))


def uplift_curve(score: Floats, treated: npt.NDArray[np.bool_], outcome: Floats) -> Points:
    """The difference of means among those from the top down, times how many they are."""
    count = _counted(score, treated, outcome)
    return _points(count, _uplift(count))


def measure(
    score: Floats, treated: npt.NDArray[np.bool_], outcome: Floats, bootstrap: Bootstrap, *, seed: int = 20
) -> Ranking:
    """Measure a ranking of treated and control people by their scores, with intervals."""
    people, is_binary = score.size, bool(np.isin(outcome, (0.0, 1.0)).all())
    exact = tuple(map(float, _areas(_counted(score, treated, outcome))))
    edges = np.unique(np.quantile(score, np.linspace(0, 1, BINS + 1)[1:-1]))
    # The highest scores come first; equal ones stay together.
    cell = edges.size - np.searchsorted(edges, score, side="right")
    drawn = _drawn(cell, int(edges.size) + 1, treated, outcome, bootstrap)
    areas = _areas(np.cumsum(drawn, axis=1))
    of_treated = people * float(treated.sum())
    draws_of_treated = drawn[:, :, 0].sum(axis=1) * people
    best, drawn_best = _best(_kinds(treated, outcome)), _best(_kinds_drawn(drawn))
    qini = Interval(exact[0] / of_treated, *_range(areas[0] / draws_of_treated))

    def normalised(which: int, kind: int) -> Interval | None:
        if not is_binary:
            return None
        return interval(
            exact[which] / float(best[kind]) if best[kind] else float("nan"), ratio(areas[which], drawn_best[kind])
        )

    order = np.lexsort((np.random.default_rng(seed).random(people), -score))
    return Ranking(
        qini,
        normalised(0, 0),
        normalised(0, 1),
        interval(exact[1] / people**2, areas[1] / people**2),
        normalised(1, 2),
        {f"{top:.0%}": _at(order, top, treated, outcome, bootstrap) for top in TOPS},
        _tenths(order, score, treated, outcome, bootstrap),
        _thinned(qini_curve(score, treated, outcome), float(treated.sum())),
    )


def _counted(score: Floats, treated: npt.NDArray[np.bool_], outcome: Floats) -> Floats:
    """Treated people, their outcomes, control people, theirs: running totals at each distinct score."""
    order = np.argsort(-score, kind="stable")
    at = np.append(np.flatnonzero(np.diff(score[order])), score.size - 1)
    t, y = treated[order].astype(np.float64), outcome[order]
    return np.column_stack([np.cumsum(column)[at] for column in (t, t * y, 1 - t, (1 - t) * y)])


def _qini(count: Floats) -> Floats:
    share = np.nan_to_num(ratio(count[..., 0], count[..., 2]))
    return np.asarray(count[..., 1] - count[..., 3] * share)


def _uplift(count: Floats) -> Floats:
    means = [np.nan_to_num(ratio(count[..., place + 1], count[..., place])) for place in (0, 2)]
    return np.asarray((means[0] - means[1]) * (count[..., 0] + count[..., 2]))


def _points(count: Floats, value: Floats) -> Points:
    return Points(np.append(0.0, count[:, 0] + count[:, 2]), np.append(0.0, value))


def _areas(count: Floats) -> tuple[Floats, Floats]:
    """Areas of the Qini and of the uplift curve above the straight line, for any number of draws at once."""
    start = np.zeros((*count.shape[:-2], 1))
    people = np.concatenate([start, count[..., 0] + count[..., 2]], axis=-1)
    found = []
    for value in (_qini(count), _uplift(count)):
        curve = np.concatenate([start, value], axis=-1)
        found.append(np.trapezoid(curve, people, axis=-1) - people[..., -1] * curve[..., -1] / 2)
    return found[0], found[1]


def _kinds(treated: npt.NDArray[np.bool_], outcome: Floats) -> Floats:
    """Treated with the outcome and without, control with and without."""
    t = treated.astype(np.float64)
    yes = [float((some * outcome).sum()) for some in (t, 1 - t)]
    return np.array([yes[0], t.sum() - yes[0], yes[1], (1 - t).sum() - yes[1]])


def _kinds_drawn(drawn: Floats) -> Floats:
    total = drawn.sum(axis=1)
    return np.stack([total[:, 1], total[:, 0] - total[:, 1], total[:, 3], total[:, 2] - total[:, 3]], axis=-1)


def _best(kinds: Floats) -> tuple[Floats, Floats, Floats]:
    """The areas of the best possible rankings: Qini, Qini of a treatment that harms nobody, uplift."""
    tr, tn, cr, cn = (kinds[..., place] for place in range(4))
    nothing = np.zeros_like(tr)
    people = tr + tn + cr + cn
    end = tr - ratio(cr * (tr + tn), cr + cn)
    by_kind = {
        "tr": np.stack([tr, tr, nothing, nothing], axis=-1),
        "tn": np.stack([tn, nothing, nothing, nothing], axis=-1),
        "cr": np.stack([nothing, nothing, cr, cr], axis=-1),
        "cn": np.stack([nothing, nothing, cn, nothing], axis=-1),
    }
    harmless = end * people - end * end / 2 - people * end / 2
    first = np.stack([by_kind["tr"], by_kind["tn"] + by_kind["cn"], by_kind["cr"]], axis=-2)
    worst = [
        np.stack([by_kind[name] for name in names], axis=-2)
        for names in (("tr", "cn", "cr", "tn"), ("tr", "cn", "tn", "cr"))
    ]
    uplift = np.where(cr > tn, *(_areas(np.cumsum(some, axis=-2))[1] for some in worst))
    return _areas(np.cumsum(first, axis=-2))[0], harmless, uplift


def _drawn(cell: Ints, cells: int, treated: npt.NDArray[np.bool_], outcome: Floats, bootstrap: Bootstrap) -> Floats:
    """Per draw and cell: treated people, their outcomes, control people, theirs."""
    t = treated.astype(np.float64)
    parts = [bootstrap.sums_by(column, cell, cells) for column in (t, t * outcome, 1 - t, (1 - t) * outcome)]
    return np.stack([bootstrap.drawn(part) for part in parts], axis=-1)


def _range(draws: Floats) -> tuple[float, float]:
    found = interval(0.0, draws)
    return found.low, found.high


def _at(
    order: npt.NDArray[np.intp], top: float, treated: npt.NDArray[np.bool_], outcome: Floats, bootstrap: Bootstrap
) -> Interval:
    """The difference of means among the first share of all people (scikit-uplift's `uplift_at_k`, overall)."""
    cell = np.ones(order.size, dtype=np.int64)
    cell[order[: int(order.size * top)]] = 0
    return _differences(cell, 2, treated, outcome, bootstrap)[0]


def _differences(
    cell: Ints, cells: int, treated: npt.NDArray[np.bool_], outcome: Floats, bootstrap: Bootstrap
) -> list[Interval]:
    drawn = _drawn(cell, cells, treated, outcome, bootstrap)
    t = treated.astype(np.float64)
    columns = (t, t * outcome, 1 - t, (1 - t) * outcome)
    exact: Floats = np.column_stack([_sum_by(cell, column, cells) for column in columns])
    value, draws = (ratio(some[..., 1], some[..., 0]) - ratio(some[..., 3], some[..., 2]) for some in (exact, drawn))
    return [interval(float(value[place]), draws[:, place]) for place in range(cells)]


def _tenths(
    order: npt.NDArray[np.intp],
    score: Floats,
    treated: npt.NDArray[np.bool_],
    outcome: Floats,
    bootstrap: Bootstrap,
) -> tuple[Tenth, ...]:
    cell = np.empty(order.size, dtype=np.int64)
    cell[order] = np.arange(order.size) * TENTHS // order.size
    changes = _differences(cell, TENTHS, treated, outcome, bootstrap)
    t = treated.astype(np.float64)
    sums = [_sum_by(cell, column, TENTHS) for column in (t, t * outcome, 1 - t, (1 - t) * outcome, score)]
    people = np.bincount(cell, minlength=TENTHS)
    means = ratio(sums[1], sums[0]), ratio(sums[3], sums[2])
    return tuple(
        Tenth(
            int(people[n]),
            int(sums[0][n]),
            float(sums[4][n] / people[n]),
            float(means[0][n]),
            float(means[1][n]),
            changes[n],
        )
        for n in range(TENTHS)
    )


def _sum_by(cell: Ints, values: Floats, cells: int) -> Floats:
    return np.bincount(cell, weights=values, minlength=cells).astype(np.float64)


def _thinned(curve: Points, of_treated: float) -> tuple[tuple[float, float], ...]:
    """A hundred points: share of the people, extra outcomes per treated person of all."""
    shares = np.linspace(0, 1, POINTS + 1)
    values = np.interp(shares * curve.people[-1], curve.people, curve.value) / of_treated
    return tuple((float(share), float(value)) for share, value in zip(shares, values, strict=True))
