"""The rows behind a figure as a page of either desk: their number and sums are the tile's (ANA-01, ANA-02, A20)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from flask import request
from flask_babel import gettext
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from portal.blueprints.access import NotFoundError
from portal.blueprints.figures import Asked, definition_of, shown
from portal.kit import clock
from portal.queries.exchange import platform_currency
from portal.queries.figure_rows import FigureRow, load_figure_rows
from portal.queries.figures import Scope
from portal.rules.figures import Measure, Unit
from portal.rules.measures import MEASURES


def asked_measure() -> Measure:
    """The measure of the address, narrowed to the one kind of rows that it names. Raises NotFoundError."""
    measure = MEASURES.get(request.args.get("of", ""))
    if measure is None:
        raise NotFoundError
    key = request.args.get("key", "").replace("\0", "")
    return replace(measure, key=key) if key else measure


def rows_page(
    session: Session,
    *,
    measure: Measure,
    scope: Scope,
    wanted: Asked,
    noun: str,
    of: str | None,
    href_of: Callable[[FigureRow], str | None],
) -> dict[str, Any]:
    """All that the template of the rows takes; `of` names whose they are. Raises NotFoundError where there are none."""
    found = load_figure_rows(
        session,
        measure=measure,
        scope=scope,
        period=wanted.period,
        cursor=request.args.get("cursor"),
        now=clock.now(),
    )
    if found is None:
        raise NotFoundError
    # What is compared between people is in the currency of the books, whichever they paid in.
    currency = platform_currency(session) if measure.is_compared else measure.currency or scope.currency
    title = gettext(measure.title)
    return {
        "title": _("%(figure)s: %(of)s", figure=title, of=of) if of else title,
        "definition": definition_of(measure),
        "wanted": wanted,
        "noun": gettext(noun),
        "found": found,
        "value": shown(measure, found.value, currency),
        "is_ratio": measure.over is not None,
        "rows": [
            (
                href_of(row),
                row.label or "–",
                row.at,
                _added(measure, row.total, currency),
                _base(measure, row.over, currency),
            )
            for row in found.page.rows
        ],
        "total": _added(measure, found.total, currency),
        "over": _base(measure, found.over, currency),
    }


def _added(measure: Measure, value: int, currency: str) -> str:
    """What a row adds: money in its currency, seconds, points or a count."""
    if measure.unit is Unit.SECONDS:
        return str(_("%(seconds)s s", seconds=value))
    as_sum = replace(measure, over=None, unit=measure.sum_unit if measure.unit is Unit.SHARE else measure.unit)
    return shown(as_sum, value, currency)


def _base(measure: Measure, value: int, currency: str) -> str:
    """What a row counts in the base of a ratio."""
    return shown(replace(measure, over=None, unit=measure.sum_unit), value, currency)
