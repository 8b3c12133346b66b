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

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from portal.learning.uplift.bootstrap import Bootstrap, Interval, interval, ratio
from portal.learning.windows import Floats, Ints

BINS = 500
POINTS = 100
TENTHS = 10
TOPS = (0.1, 0.2, 0.3, 0.4, 0.5)


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
class Top:
    """What treating only a share of the people brings, those with the highest scores.

    `uplift` is the difference of means among them (scikit-uplift's `uplift_at_k`, overall). `gain` is the extra outcome
    per person of all people, `against_chance` how much more that is than for as many who are drawn by lot.
    """

    uplift: Interval
    gain: Interval
    against_chance: Interval


@dataclass(frozen=True, slots=True)
class Ranking:
    """The measures of one ranking.

    `qini` and `auuc` are areas per person: divided by people times treated, and by people squared. The normalised ones
    are scikit-uplift's `qini_auc_score`, the same with `negative_effect=False`, and `uplift_auc_score`. A ranking by
    chance has 0 of each. `qini_of_first_less` is by how much the first ranking's Qini lies above this one's.
    """

    qini: Interval
    qini_normalised: Interval | None
    qini_without_harm: Interval | None
    auuc: Interval
    auuc_normalised: Interval | None
    tops: dict[str, Top]
    tenths: tuple[Tenth, ...]
    curve: tuple[tuple[float, float], ...]
    qini_of_first_less: Interval | None = None


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
    return _measure(score, score, treated, outcome, bootstrap, seed)[0]


def compare(
    scores: Mapping[str, Floats],
    foretold: Mapping[str, Floats],
    treated: npt.NDArray[np.bool_],
    outcome: Floats,
    bootstrap: Bootstrap,
    *,
    seed: int = 20,
) -> dict[str, Ranking]:
    """Measure several rankings on the same draws, so that the first can be held against each of the others.

    `foretold` is what each says of the people, in units of the outcome; its scores give the order.
    """
    found: dict[str, Ranking] = {}
    first: tuple[float, Floats] | None = None
    for name, score in scores.items():
        ranking, draws = _measure(score, foretold[name], treated, outcome, bootstrap, seed)
        if first is None:
            first = ranking.qini.value, draws
        else:
            less = interval(first[0] - ranking.qini.value, first[1] - draws)
            ranking = replace(ranking, qini_of_first_less=less)
        found[name] = ranking
    return found


def _measure(
    score: Floats,
    foretold: Floats,
    treated: npt.NDArray[np.bool_],
    outcome: Floats,
    bootstrap: Bootstrap,
    seed: int,
) -> tuple[Ranking, Floats]:
    """The ranking, and the draws of its Qini."""
    people, is_binary = score.size, bool(np.isin(outcome, (0.0, 1.0)).all())
    exact = tuple(map(float, _areas(_counted(score, treated, outcome))))
    edges = np.unique(np.quantile(score, np.linspace(0, 1, BINS + 1)[1:-1]))
    # The highest scores come first; equal ones stay together.
    cell = edges.size - np.searchsorted(edges, score, side="right")
    drawn = _drawn(cell, int(edges.size) + 1, treated, outcome, bootstrap, running=True)
    areas = _areas(drawn)
    of_treated = people * float(treated.sum())
    draws = areas[0] / (drawn[:, -1, 0] * people)
    best, drawn_best = _best(_kinds(treated, outcome)), _best(_kinds_drawn(drawn[:, -1]))

    def normalised(which: int, kind: int) -> Interval | None:
        if not is_binary:
            return None
        return interval(
            exact[which] / float(best[kind]) if best[kind] else float("nan"), ratio(areas[which], drawn_best[kind])
        )

    order = np.lexsort((np.random.default_rng(seed).random(people), -score))
    ranking = Ranking(
        interval(exact[0] / of_treated, draws),
        normalised(0, 0),
        normalised(0, 1),
        interval(exact[1] / people**2, areas[1] / people**2),
        normalised(1, 2),
        _tops(order, treated, outcome, bootstrap),
        _tenths(order, foretold, treated, outcome, bootstrap),
        _thinned(qini_curve(score, treated, outcome), float(treated.sum())),
    )
    return ranking, draws


def _counted(score: Floats, treated: npt.NDArray[np.bool_], outcome: Floats) -> Floats:
    """Treated people, their outcomes, control people, theirs: running totals at each distinct score."""
    order = np.argsort(-score, kind="stable")
    at = np.append(np.flatnonzero(np.diff(score[order])), score.size - 1)
    t, y = treated[order].astype(np.float64), outcome[order]
    return np.column_stack([np.cumsum(column)[at] for column in (t, t * y, 1 - t, (1 - t) * y)])


def _qini(count: Floats) -> Floats:
    return np.asarray(count[..., 1] - count[..., 3] * _or_nothing(count[..., 0], count[..., 2]))


def _uplift(count: Floats) -> Floats:
    difference = _or_nothing(count[..., 1], count[..., 0]) - _or_nothing(count[..., 3], count[..., 2])
    return np.asarray(difference * (count[..., 0] + count[..., 2]))


def _or_nothing(above: Floats, below: Floats) -> Floats:
    """The quotient, 0 where nothing is divided by."""
    return np.asarray(np.divide(above, below, out=np.zeros_like(above), where=below != 0))


def _points(count: Floats, value: Floats) -> Points:
    return Points(np.append(0.0, count[:, 0] + count[:, 2]), np.append(0.0, value))


def _areas(count: Floats) -> tuple[Floats, Floats]:
    """Areas of the Qini and of the uplift curve above the straight line, for any number of draws at once."""
    people = count[..., 0] + count[..., 2]
    # Each point counts with half of what lies between its neighbours; the straight line takes its part from the last.
    width = np.zeros_like(people)
    width[..., :-1] = people[..., 1:]
    width[..., 1:] -= people[..., :-1]
    qini, uplift = (np.einsum("...i,...i->...", value, width) / 2 for value in (_qini(count), _uplift(count)))
    return qini, uplift


def _kinds(treated: npt.NDArray[np.bool_], outcome: Floats) -> Floats:
    """Treated with the outcome and without, control with and without."""
    t = treated.astype(np.float64)
    yes = [float((some * outcome).sum()) for some in (t, 1 - t)]
    return np.array([yes[0], t.sum() - yes[0], yes[1], (1 - t).sum() - yes[1]])


def _kinds_drawn(total: Floats) -> Floats:
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


def _drawn(
    cell: Ints,
    cells: int,
    treated: npt.NDArray[np.bool_],
    outcome: Floats,
    bootstrap: Bootstrap,
    *,
    running: bool = False,
) -> Floats:
    """Per draw and cell: treated people, their outcomes, control people, theirs; `running` up to and with the cell."""
    t = treated.astype(np.float64)
    kinds = (t, t * outcome, 1 - t, (1 - t) * outcome)
    sums = np.stack([bootstrap.sums_by(column, cell, cells) for column in kinds], axis=1)
    if running:
        sums = np.cumsum(sums, axis=-1)
    # Each kind lies together in memory, as it is reckoned with.
    return np.moveaxis(bootstrap.drawn(sums.reshape(len(sums), -1)).reshape(-1, *sums.shape[1:]), 1, -1)


def _tops(
    order: npt.NDArray[np.intp], treated: npt.NDArray[np.bool_], outcome: Floats, bootstrap: Bootstrap
) -> dict[str, Top]:
    """What the first shares of all people bring."""
    cell = np.full(order.size, len(TOPS), dtype=np.int64)
    for place, top in reversed(list(enumerate(TOPS))):
        cell[order[: int(order.size * top)]] = place
    exact, drawn = (
        np.cumsum(some, axis=-2) for some in _exact_and_drawn(cell, len(TOPS) + 1, treated, outcome, bootstrap)
    )
    (value, draws), (share, shares) = (
        [_difference(some) for some in (exact, drawn)],
        [(some[..., 0] + some[..., 2]) / (some[..., -1:, 0] + some[..., -1:, 2]) for some in (exact, drawn)],
    )
    found = {}
    for place, top in enumerate(TOPS):
        gain, gains = share[place] * value[place], shares[:, place] * draws[:, place]
        lot, lots = share[place] * value[-1], shares[:, place] * draws[:, -1]
        found[f"{top:.0%}"] = Top(
            interval(float(value[place]), draws[:, place]),
            interval(float(gain), gains),
            interval(float(gain - lot), gains - lots),
        )
    return found


def _exact_and_drawn(
    cell: Ints, cells: int, treated: npt.NDArray[np.bool_], outcome: Floats, bootstrap: Bootstrap
) -> tuple[Floats, Floats]:
    t = treated.astype(np.float64)
    columns = (t, t * outcome, 1 - t, (1 - t) * outcome)
    exact = np.column_stack([_sum_by(cell, column, cells) for column in columns])
    return exact, _drawn(cell, cells, treated, outcome, bootstrap)


def _difference(count: Floats) -> Floats:
    return np.asarray(ratio(count[..., 1], count[..., 0]) - ratio(count[..., 3], count[..., 2]))


def _differences(
    cell: Ints, cells: int, treated: npt.NDArray[np.bool_], outcome: Floats, bootstrap: Bootstrap
) -> list[Interval]:
    value, draws = (_difference(some) for some in _exact_and_drawn(cell, cells, treated, outcome, bootstrap))
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
