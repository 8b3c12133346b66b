"""Measures that compare people who were drawn for an offer with people who were drawn for none (ANA-01, INC-05)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from sqlalchemy import text
from sqlalchemy.orm import Session

from portal.rules.figures import Groups, Measure, Period, gain_of, value_of

_GROUPS = text(
    """
    SELECT day, key, coalesce(sum(value) FILTER (WHERE fact = 'followed_with'), 0)::bigint AS people,
           coalesce(sum(value) FILTER (WHERE fact = 'followed_without'), 0)::bigint AS control,
           coalesce(sum(value) FILTER (WHERE fact = 'net_with'), 0)::bigint AS net,
           coalesce(sum(value) FILTER (WHERE fact = 'net_without'), 0)::bigint AS net_control,
           coalesce(sum(value) FILTER (WHERE fact = 'incentive_cost'), 0)::bigint AS cost
      FROM figure_day
     WHERE fact IN ('followed_with', 'followed_without', 'net_with', 'net_without', 'incentive_cost')
       AND currency = '' AND day BETWEEN :first AND :last AND (CAST(:key AS text) IS NULL OR key = :key)
     GROUP BY day, key ORDER BY day
    """
)


def load_return(session: Session, *, measure: Measure, period: Period) -> int | None:
    """The measure over all experiments of the period; None where none can be compared."""
    [value] = load_returns_so_far(session, measure=measure, period=period, ends=[period.last])
    return value


def load_returns_so_far(
    session: Session, *, measure: Measure, period: Period, ends: Sequence[date]
) -> list[int | None]:
    """The measure from the first day of the period to each of these days: single days have too few people."""
    days = _days(session, measure, period)
    experiments: dict[str, Groups] = {}
    values = []
    for end in ends:
        while days and days[0][0] <= end:
            _day, key, groups = days.pop(0)
            experiments[key] = experiments.get(key, Groups()) + groups
        values.append(value_of(measure, *gain_of(experiments.values())))
    return values


def load_returns(session: Session, *, measure: Measure, period: Period) -> list[tuple[str, int | None]]:
    """The measure of each experiment of the period by its id; the largest first, and last what cannot be compared."""
    experiments: dict[str, Groups] = {}
    for _day, key, groups in _days(session, measure, period):
        experiments[key] = experiments.get(key, Groups()) + groups
    values = {key: value_of(measure, *gain_of([groups])) for key, groups in experiments.items()}
    return sorted(values.items(), key=lambda one: (one[1] is None, -(one[1] or 0), one[0]))


def _days(session: Session, measure: Measure, period: Period) -> list[tuple[date, str, Groups]]:
    found = session.execute(_GROUPS, {"first": period.first, "last": period.last, "key": measure.key})
    return [(row.day, row.key, Groups(*row[2:])) for row in found]
