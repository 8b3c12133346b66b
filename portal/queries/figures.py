"""Figures for the dashboards: sums of facts over days, by day, and by what they belong to (ANA-01, ANA-02)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from portal.models import FigureState
from portal.queries.figure_returns import load_return, load_returns, load_returns_so_far
from portal.rules.figures import Fact, Measure, Period, value_of

# These belong to no channel, and these to no currency either: a filter for them says nothing.
WITHOUT_CURRENCY = frozenset({
    Fact.DECISIONS, Fact.DECISIONS_HELD, Fact.CASES_DECIDED, Fact.CASES_GENUINE, Fact.REVIEW_SECONDS, Fact.CASES_TOLD,
    Fact.ALERT_SECONDS, Fact.FRAUDS, Fact.COUPONS_GIVEN, Fact.COUPONS_REDEEMED, Fact.TOLD,
    Fact.ANSWERED, Fact.INCENTIVE_GAIN,
})  # fmt: skip
OF_THE_HOUSE = WITHOUT_CURRENCY | {
    Fact.BALANCE_CHANGE, Fact.MILEAGE_GRANTED, Fact.MILEAGE_SPENT, Fact.MILEAGE_EXPIRED,
}  # fmt: skip
# More points than that, and a chart shows months.
DAYS_SHOWN = 92


@dataclass(frozen=True, slots=True)
class Scope:
    """What is looked at: one currency, and one channel or store, or all of them."""

    currency: str
    channel_id: int | None = None
    store_id: int | None = None

    def of(self, measure: Measure) -> dict[str, Any]:
        """The parameters of a query for this measure."""
        none = measure.fact in WITHOUT_CURRENCY
        return {
            "currency": "" if none else measure.currency or self.currency,
            "channel_id": None if measure.fact in OF_THE_HOUSE else self.channel_id,
            "store_id": self.store_id,
        }


@dataclass(frozen=True, slots=True)
class Figure:
    """A measure in a period and in the one beside it; None where there is nothing to divide by."""

    measure: Measure
    now: int | None
    before: int | None


@dataclass(frozen=True, slots=True)
class Point:
    """A measure on a day, or in the month that begins on it."""

    day: date
    value: int | None


@dataclass(frozen=True, slots=True)
class Slice:
    """A measure of one thing: a store, a method, a campaign. `ref` is its id or word."""

    ref: str
    values: Sequence[int | None]


@dataclass(frozen=True, slots=True)
class Slices:
    """The largest things, and how many there are in all."""

    count: int
    largest: Sequence[Slice]


@dataclass(frozen=True, slots=True)
class Freshness:
    """Up to when the figures are true, and how the last proof went."""

    renewed_at: datetime | None
    proved_at: datetime | None
    differences: int


_WHERE = """
       fact IN (:fact, :over) AND currency = :currency
   AND (CAST(:channel_id AS bigint) IS NULL OR channel_id = :channel_id)
   AND (CAST(:store_id AS bigint) IS NULL OR store_id = :store_id)
   AND (CAST(:key AS text) IS NULL OR key = :key)
"""
_SUMS = text(
    f"""
    SELECT coalesce(sum(value) FILTER (WHERE fact = :fact AND day BETWEEN :first AND :last), 0)::bigint AS total,
           coalesce(sum(value) FILTER (WHERE fact = :over AND day BETWEEN :first AND :last), 0)::bigint AS over,
           coalesce(sum(value) FILTER (WHERE fact = :fact AND day BETWEEN :first_before AND :last_before), 0)::bigint
               AS total_before,
           coalesce(sum(value) FILTER (WHERE fact = :over AND day BETWEEN :first_before AND :last_before), 0)::bigint
               AS over_before
      FROM figure_day WHERE {_WHERE} AND (day BETWEEN :first AND :last OR day BETWEEN :first_before AND :last_before)
    """  # noqa: S608 - our own fragment
)
_POINTS = text(
    f"""
    SELECT date_trunc(:unit, day)::date AS day, coalesce(sum(value) FILTER (WHERE fact = :fact), 0)::bigint AS total,
           coalesce(sum(value) FILTER (WHERE fact = :over), 0)::bigint AS over
      FROM figure_day WHERE {_WHERE} AND day BETWEEN :first AND :last GROUP BY 1 ORDER BY 1
    """  # noqa: S608 - our own fragment
)
_BY = {
    "key": "key",
    "store": "store_id::text",
    "channel": "channel_id::text",
}
_SLICES = {
    name: text(
        f"""
        WITH sums AS (
            SELECT {column} AS ref, fact, sum(value)::bigint AS value FROM figure_day
             WHERE fact = ANY(:facts) AND currency = :currency AND day BETWEEN :first AND :last
               AND (CAST(:channel_id AS bigint) IS NULL OR channel_id = :channel_id)
               AND (CAST(:store_id AS bigint) IS NULL OR store_id = :store_id)
             GROUP BY 1, 2
        )
        SELECT ref, jsonb_object_agg(fact, value) AS sums, count(*) OVER () AS things
          FROM sums GROUP BY 1 ORDER BY coalesce(sum(value) FILTER (WHERE fact = :leading), 0) DESC, 1 LIMIT :limit
        """  # noqa: S608 - our own fragments
    )
    for name, column in _BY.items()
}
BEGINNING = date(1970, 1, 1)


def _params(measure: Measure, scope: Scope) -> dict[str, Any]:
    return {"fact": measure.fact, "over": measure.over or "", "key": measure.key, **scope.of(measure)}


def load_figures(
    session: Session, *, measures: Sequence[Measure], scope: Scope, period: Period, beside: Period | None
) -> list[Figure]:
    """Each measure in the period, and in the one that it is compared with."""
    found = []
    for measure in measures:
        if measure.is_compared:
            now, then = (load_return(session, measure=measure, period=one) if one else None for one in (period, beside))
            found.append(Figure(measure, now, then))
            continue
        first = BEGINNING if measure.to_date else period.first
        before = beside or period
        row = session.execute(
            _SUMS,
            _params(measure, scope)
            | {"first": first, "last": period.last, "last_before": before.last}
            | {"first_before": BEGINNING if measure.to_date else before.first},
        ).one()
        then = value_of(measure, row.total_before, row.over_before) if beside else None
        found.append(Figure(measure, value_of(measure, row.total, row.over), then))
    return found


def load_points(session: Session, *, measure: Measure, scope: Scope, period: Period) -> list[Point]:
    """The measure by day, or by month in a long period; what stands at the end of each, for one that sums to date."""
    unit = "day" if period.days <= DAYS_SHOWN else "month"
    if measure.is_compared:
        so_far = load_returns_so_far(session, measure=measure, period=period, ends=_ends(period, unit))
        return [Point(day, value) for day, value in zip(_days(period, unit), so_far, strict=True)]
    bounds = {"unit": unit, "first": period.first, "last": period.last}
    rows = {row.day: row for row in session.execute(_POINTS, _params(measure, scope) | bounds)}
    standing = 0
    if measure.to_date:
        earlier = Period(BEGINNING, period.first)
        standing = _before(session, measure, scope, earlier)
    points = []
    for day in _days(period, unit):
        row = rows.get(day)
        total, over = (row.total, row.over) if row else (0, 0)
        standing += total
        points.append(Point(day, standing if measure.to_date else value_of(measure, total, over)))
    return points


def _before(session: Session, measure: Measure, scope: Scope, until: Period) -> int:
    """What stood there when the period's first day began."""
    statement = text(
        f"SELECT coalesce(sum(value), 0)::bigint FROM figure_day WHERE {_WHERE} AND day < :first"  # noqa: S608  # Ours.
    )
    return int(session.execute(statement, _params(measure, scope) | {"first": until.last}).scalar_one())


def _days(period: Period, unit: str) -> list[date]:
    """Every day of the period, or the first of each of its months."""
    days = [date.fromordinal(n) for n in range(period.first.toordinal(), period.last.toordinal() + 1)]
    return days if unit == "day" else sorted({day.replace(day=1) for day in days})


def _ends(period: Period, unit: str) -> list[date]:
    """The last day of each of the same."""
    return [later - timedelta(days=1) for later in _days(period, unit)[1:]] + [period.last]


def load_slices(
    session: Session, *, measures: Sequence[Measure], by: str, scope: Scope, period: Period, limit: int = 20
) -> Slices:
    """The largest things by the first measure, each with its value of every one. `by` is key, store or channel.

    All measures are of the first one's currency and reach.
    """
    if measures[0].is_compared:
        returns = load_returns(session, measure=measures[0], period=period)
        return Slices(len(returns), [Slice(ref, [value]) for ref, value in returns[:limit]])
    facts = {str(fact) for measure in measures for fact in (measure.fact, measure.over) if fact is not None}
    params = scope.of(measures[0]) | {"first": period.first, "last": period.last, "limit": limit}
    rows = session.execute(_SLICES[by], params | {"facts": sorted(facts), "leading": measures[0].fact}).all()
    return Slices(rows[0].things if rows else 0, [Slice(row.ref, _values(measures, row.sums)) for row in rows])


def _values(measures: Sequence[Measure], sums: Mapping[str, int]) -> list[int | None]:
    return [value_of(one, sums.get(one.fact, 0), sums.get(one.over, 0) if one.over else 0) for one in measures]


def load_freshness(session: Session) -> Freshness:
    """How far the figures have come."""
    state = session.get(FigureState, 1)
    if state is None:
        return Freshness(None, None, 0)
    return Freshness(state.renewed_at, state.proved_at, state.proved_differences)


def currencies_sold_in(session: Session) -> list[str]:
    """The currencies that there are sales in, the largest number of orders first."""
    rows = session.execute(
        text(
            "SELECT currency FROM figure_day WHERE fact = 'orders_placed' GROUP BY 1 ORDER BY sum(value) DESC, currency"
        )
    )
    return [row.currency for row in rows]


def currencies_of_store(session: Session, store_id: int) -> list[str]:
    """The currencies that a store sells in, the largest number of orders first."""
    statement = text(
        "SELECT currency FROM figure_day WHERE fact = 'store_orders' AND store_id = :store"
        " GROUP BY 1 ORDER BY sum(value) DESC, currency"
    )
    return [row.currency for row in session.execute(statement, {"store": store_id})]
