"""What the dashboards of administrators and stores share: reading the address, writing the figures (ANA-01)."""

from __future__ import annotations

from collections.abc import Callable, Container, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

from flask import Response, request
from flask_babel import gettext
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from portal import formatting
from portal.blueprints.csv_files import csv_file
from portal.blueprints.desk import choice_arg, date_arg, zone_of_reader
from portal.kit import clock
from portal.kit.money import as_decimal
from portal.kit.text import N_
from portal.queries.channels import channel_directory
from portal.queries.figures import (
    OF_THE_HOUSE,
    Figure,
    Point,
    Scope,
    currencies_sold_in,
    load_figures,
    load_freshness,
    load_points,
    load_slices,
)
from portal.rules.figure_words import as_tenths, is_better
from portal.rules.figures import Board, Compare, Good, Measure, Period, Unit
from portal.rules.measures import MEASURES

PERIODS = {"7d": (7, N_("Last 7 days")), "30d": (30, N_("Last 30 days")), "90d": (90, N_("Last 90 days"))} | {
    "365d": (364, N_("Last 52 weeks"))
}
COMPARES = {
    Compare.PREVIOUS: N_("The days before"),
    Compare.WEEKDAY: N_("Same weekdays before"),
    Compare.YEAR: N_("52 weeks before"),
}
_UNITS = {
    Unit.COUNT: N_("A number"), Unit.MONEY: N_("Money"), Unit.POINTS: N_("Points"), Unit.SHARE: N_("Percent"),
    Unit.SECONDS: N_("Time"),
}  # fmt: skip
_BETTER = {Good.UP: N_("More"), Good.DOWN: N_("Less"), Good.NEITHER: N_("Neither more nor less")}
DAYS_MAX = 5 * 366
# What every board's address may say.
ARGUMENTS = ("period", "from", "until", "compare", "currency")
LATE_AFTER = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Asked:
    """What the address asks for. `name` is the named period, or None for days of one's own.

    `remarks` say what of the address could not be taken as it stands there.
    """

    period: Period
    name: str | None
    compare: Compare | None
    today: date
    remarks: tuple[str, ...] = ()

    @property
    def beside(self) -> Period | None:
        return self.period.beside(self.compare) if self.compare else None

    @property
    def is_under_way(self) -> bool:
        """Whether the last day is not over: then its figures still grow (A22)."""
        return self.period.first <= self.today <= self.period.last


def asked() -> Asked:
    """The period and the comparison of the address. A named period comes first; days the wrong way round are turned.

    Whatever could not be taken as it stands there is left out with a sentence, never without.
    """
    today = clock.now().astimezone(zone_of_reader()).date()
    remarks = _not_known()
    compare = Compare(found) if (found := choice_arg("compare", list(Compare))) else None
    if request.args.get("compare") is None:
        compare = Compare.PREVIOUS
    name = choice_arg("period", PERIODS)
    first, last = date_arg("from"), date_arg("until")
    if name is None and (first or last):
        last = last or max(today, first or today)
        first = first or last - timedelta(days=29)
        if first > last:
            first, last = last, first
            remarks.append(_("The first day came after the last: they have changed places."))
        if last - first > timedelta(days=DAYS_MAX):
            first = last - timedelta(days=DAYS_MAX)
            remarks.append(_("At most five years are shown: they begin on %(day)s.", day=formatting.day(first)))
        if first > today:
            remarks.append(_("These days are still to come: nothing can have happened in them."))
        return Asked(Period(first, last), None, compare, today, tuple(remarks))
    name = name or "30d"
    return Asked(Period(today - timedelta(days=PERIODS[name][0] - 1), today), name, compare, today, tuple(remarks))


def left_out(name: str) -> str:
    """The sentence for a choice of the address that there is not."""
    return str(_("There is no choice named %(name)s here: it was left out.", name=name.replace("\0", "")[:40]))


def _not_known() -> list[str]:
    """A sentence for each thing of the address that there is not."""
    given = {name: value.replace("\0", "")[:40] for name, value in request.args.items() if value}
    known: dict[str, Container[str]] = {
        "period": PERIODS, "compare": list(Compare), "board": list(Board), "channel": channel_directory().channels,
    }  # fmt: skip
    remarks = [
        _("%(day)s is no day of the calendar from 1970 on: it was left out.", day=given[name])
        for name in ("from", "until")
        if name in given and date_arg(name) is None
    ]
    return remarks + [
        left_out(given[name]) for name, names in known.items() if name in given and given[name] not in names
    ]


def kept(*more: str) -> dict[str, Any]:
    """What the address asks for, which stays while one moves between boards (A22)."""
    return {name: request.args[name] for name in (*ARGUMENTS, *more) if name in request.args}


def scope_of(session: Session, *, channel_id: int | None, channel_currency: str | None, default: str) -> Scope:
    """One currency: the channel's, the address's, or that of most orders."""
    sold = currencies_sold_in(session)
    currency = channel_currency or choice_arg("currency", sold) or (sold[0] if sold else default)
    return Scope(currency, channel_id)


def shown(measure: Measure, value: int | None, currency: str) -> str:
    """A figure in full, with its unit, as the reader writes it."""
    return formatting.figure(value, measure, currency)


def plain(measure: Measure, value: int | None, currency: str) -> object:
    """The figure as a number for charts and files, in whole units."""
    if value is None:
        return ""
    if measure.unit is Unit.MONEY:
        return as_decimal(value, currency)
    if measure.unit is Unit.SHARE:
        return as_decimal(value, "USD")
    if measure.unit is Unit.SECONDS:
        return as_tenths(value)
    return value


def tile_of(figure: Figure, currency: str, *, compared: bool, href: str | None) -> dict[str, Any]:
    """A tile: value, what it was, by how much it changed, and whether that is better or worse (A18)."""
    measure, now, before = figure.measure, figure.now, figure.before if compared else None
    full = shown(measure, now, currency)
    short = formatting.money_short(now, currency) if measure.unit is Unit.MONEY and now is not None else full
    return {
        "id": measure.name,
        "name": gettext(measure.title),
        "value": _("no data") if now is None else short,
        "is_missing": now is None,
        "full": None if short == full else full,
        "change": formatting.figure_change(measure, now, before, currency),
        "good": is_better(measure, now, before),
        "before": _("before: %(value)s", value=shown(measure, figure.before, currency)) if compared else None,
        "href": href,
    }


def definition_of(measure: Measure) -> dict[str, str]:
    """What a measure means, in words (A19)."""
    return {
        "id": measure.name,
        "name": gettext(measure.title),
        "formula": gettext(measure.formula),
        "left_out": gettext(measure.left_out),
        "source": gettext(measure.source),
        "unit": gettext(_UNITS[measure.unit]),
        "good": gettext(_BETTER[measure.good]),
    }


def chart_of(measure: Measure, points: Sequence[Point], currency: str, file_href: str) -> dict[str, Any]:
    """A chart with the table of its numbers and where they are a file (A24)."""
    by_month = len(points) > 1 and (points[1].day - points[0].day).days > 1
    title = gettext(measure.title)
    return {
        "id": measure.name,
        "file_href": f"{file_href}{'&' if '?' in file_href else '?'}measure={measure.name}",
        "title": _("%(measure)s by month", measure=title) if by_month else _("%(measure)s by day", measure=title),
        "label": title,
        "suffix": "%" if measure.unit is Unit.SHARE else "",
        "has_any": any(point.value for point in points),
        "rows": [
            {
                "day": formatting.day(point.day),
                "x": point.day.isoformat(),
                "y": plain(measure, point.value, currency),
                "text": shown(measure, point.value, currency),
            }
            for point in reversed(points)
        ],
    }


@dataclass(frozen=True, slots=True)
class Split:
    """A table of a board: measures by something. `name_of` says what an id or a word is called.

    `currency` where it is another one than the board's.
    """

    title: str
    column: str
    by: str
    measures: tuple[str, ...]
    name_of: Callable[[str], str]
    currency: str | None = None


SplitHref = Callable[[Split, Measure, str], str | None]


def split_of(session: Session, split: Split, scope: Scope, period: Period, href_of: SplitHref) -> dict[str, Any]:
    """The table of a split, the largest first; the first column can be drawn, and leads to its rows (A20)."""
    measures = [MEASURES[name] for name in split.measures]
    scope = replace(scope, currency=split.currency or scope.currency)
    found = load_slices(session, measures=measures, by=split.by, scope=scope, period=period)
    rows = []
    for one in found.largest:
        values = list(zip(measures, one.values, strict=True))
        rows.append(
            {
                "name": split.name_of(one.ref),
                "href": href_of(split, measures[0], one.ref),
                "cells": [shown(measure, value, scope.currency) for measure, value in values],
                "y": plain(*values[0], scope.currency),
            }
        )
    return {
        "id": f"by-{split.measures[0]}-{split.by}" + (f"-{split.currency.lower()}" if split.currency else ""),
        "title": split.title,
        "column": split.column,
        "labels": [gettext(measure.title) for measure in measures],
        "rows": rows,
        "count": found.count,
    }


def board_page(
    session: Session,
    *,
    names: Sequence[str],
    charts: Sequence[str],
    splits: Sequence[Split],
    scope: Scope,
    wanted: Asked,
    href_of: Callable[[Measure], str | None],
    split_href: SplitHref,
    file_href: str,
) -> dict[str, Any]:
    """All that the template of a board takes."""
    measures = [MEASURES[name] for name in names]
    figures = load_figures(session, measures=measures, scope=scope, period=wanted.period, beside=wanted.beside)
    compared = wanted.beside is not None
    drawn = [MEASURES[name] for name in charts]
    freshness = load_freshness(session)
    return {
        "tiles": [tile_of(one, scope.currency, compared=compared, href=href_of(one.measure)) for one in figures],
        "definitions": [definition_of(measure) for measure in measures],
        "charts": [
            chart_of(
                one, load_points(session, measure=one, scope=scope, period=wanted.period), scope.currency, file_href
            )
            for one in drawn
        ],
        "splits": [split_of(session, split, scope, wanted.period, split_href) for split in splits],
        "file_href": file_href,
        "wanted": wanted,
        "remarks": [*wanted.remarks, *_of_scope(scope, measures)],
        "scope": scope,
        "freshness": freshness,
        "is_late": freshness.renewed_at is not None and clock.now() - freshness.renewed_at > LATE_AFTER,
        "periods": [("", _("Days of your own"))] + [(key, gettext(words)) for key, (_n, words) in PERIODS.items()],
        "compares": [("", _("Nothing"))] + [(key.value, gettext(words)) for key, words in COMPARES.items()],
    }


def _of_scope(scope: Scope, measures: Sequence[Measure]) -> list[str]:
    """Where the currency is not the one that was asked for, and where a channel narrows nothing."""
    remarks = []
    asked_for = request.args.get("currency", "").replace("\0", "")[:40]
    if asked_for not in {"", scope.currency}:
        remarks.append(
            _(
                "Nothing is sold in %(asked)s here: amounts are in %(currency)s.",
                asked=asked_for,
                currency=scope.currency,
            )
        )
    of_all = [gettext(one.title) for one in measures if one.fact in OF_THE_HOUSE] if scope.channel_id else []
    if of_all:
        remarks.append(_("Of all channels, as they belong to none: %(names)s.", names=", ".join(of_all)))
    return remarks


def board_file(session: Session, *, name: str, names: Sequence[str], scope: Scope, wanted: Asked) -> Response:
    """Every measure of a board by day, as a file, or the one that the address names; the period and the currency stand
    in its name (A24, A27).
    """
    chosen = choice_arg("measure", names)
    measures = [MEASURES[one] for one in ([chosen] if chosen else names)]
    name = f"{name}-{chosen}" if chosen else name
    columns = [load_points(session, measure=one, scope=scope, period=wanted.period) for one in measures]
    head = [_("Day")] + [_column(measure, scope.currency) for measure in measures]
    rows = [
        [days[0].day.isoformat()]
        + [plain(measure, at.value, scope.currency) for measure, at in zip(measures, days, strict=True)]
        for days in zip(*columns, strict=True)
    ]
    span = f"{wanted.period.first.isoformat()}-{wanted.period.last.isoformat()}"
    return csv_file(f"{name}-{scope.currency}-{span}.csv", head, rows)


def _column(measure: Measure, currency: str) -> str:
    unit = {Unit.MONEY: currency, Unit.SHARE: "%", Unit.SECONDS: _("seconds"), Unit.POINTS: _("points")}
    word = unit.get(measure.unit)
    return f"{gettext(measure.title)} ({word})" if word else gettext(measure.title)
