"""The rows that make up a figure: whatever the catalogue counts, one by one, with what each adds (ANA-01, A20).

They stand on the same selections as the facts do, so that their sums are the figure.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from portal.kit.paging import Page, decode_cursor, fingerprint, page_of
from portal.queries.exchange import platform_currency
from portal.queries.figure_facts import BEGAN
from portal.queries.figure_sources import SOURCES, Source
from portal.queries.figures import Scope
from portal.queries.keyset import PAGE_ROWS
from portal.rules.figures import Measure, Period, value_of


@dataclass(frozen=True, slots=True)
class FigureRow:
    """One of the rows: what it adds to the figure, and to what the figure is divided by. `owner` holds it."""

    ref: str
    label: str | None
    at: datetime
    total: int
    over: int
    owner: str | None


@dataclass(frozen=True, slots=True)
class FigureRows:
    """A page of the rows, and over all of them: how many, their sums, the figure that these make."""

    page: Page[FigureRow]
    count: int
    total: int
    over: int
    value: int | None


def source_of(measure: Measure) -> Source | None:
    """The rows of a measure; None where no rows of one kind make it up."""
    wanted = {measure.fact} if measure.over is None else {measure.fact, measure.over}
    return next((one for one in SOURCES if wanted <= set(one.facts)), None)


def load_figure_rows(
    session: Session, *, measure: Measure, scope: Scope, period: Period, cursor: str | None, now: datetime
) -> FigureRows | None:
    """The rows behind a figure, the newest first; None where no rows of one kind make it up, or none of a store.

    Raises CursorInvalidError.
    """
    source = source_of(measure)
    if source is None or (scope.store_id is not None and not source.of_stores):
        return None
    mark = fingerprint(measure.name, measure.key, scope, period)
    at = decode_cursor(cursor, query=mark, kinds=(datetime, str))
    over = source.facts[measure.over] if measure.over else "0"
    of_store = "AND (CAST(:store_id AS bigint) IS NULL OR store_id = :store_id)" if source.of_stores else ""
    chosen = f"""
        WITH {BEGAN}, source AS ({source.rows}), counted AS MATERIALIZED (
            SELECT ref, label, at, {source.owner or "NULL"} AS owner,
                   coalesce({source.facts[measure.fact]}, 0)::bigint AS total, coalesce({over}, 0)::bigint AS over
              FROM source WHERE currency = :currency
               AND (CAST(:channel_id AS bigint) IS NULL OR channel_id = :channel_id)
               AND (CAST(:key AS text) IS NULL OR key = :key) {of_store})
    """  # noqa: S608  # Fragments of this file.
    values: dict[str, Any] = {"first": period.first, "last": period.last, "now": now, "key": measure.key}
    values |= scope.of(measure) | {"platform": platform_currency(session)}
    values = {name: value for name, value in values.items() if re.search(rf":{name}\b", chosen)}
    matters = "(total <> 0 OR over <> 0)"
    there, order = "true", "DESC"
    if at is not None:
        there, order = ("(at, ref) > (:at, :ref)", "ASC") if at.backwards else ("(at, ref) < (:at, :ref)", "DESC")
        values |= {"at": at.values[0], "ref": at.values[1]}
    # Sums and page in one statement: what takes time is to select the rows.
    found = session.execute(
        text(
            f"""{chosen}, summed AS (
                SELECT count(*) AS rows, coalesce(sum(total), 0)::bigint AS all_total,
                       coalesce(sum(over), 0)::bigint AS all_over FROM counted WHERE {matters}
            ), paged AS (
                SELECT ref, label, at, total, over, owner FROM counted WHERE {matters} AND {there}
                 ORDER BY at {order}, ref {order} LIMIT {PAGE_ROWS + 1}
            )
            SELECT p.*, s.* FROM summed s LEFT JOIN paged p ON true ORDER BY p.at {order}, p.ref {order}
            """  # noqa: S608  # As above.
        ),
        values,
    ).all()
    summed = found[0]
    page = page_of(
        [FigureRow(*row[:6]) for row in found if row.ref is not None],
        limit=PAGE_ROWS,
        cursor=at,
        key=lambda row: (row.at, row.ref),
        query=mark,
        total=summed.rows,
    )
    value = value_of(measure, summed.all_total, summed.all_over)
    return FigureRows(page, summed.rows, summed.all_total, summed.all_over, value)
