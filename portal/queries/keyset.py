"""Lists by key: one statement fetches a page and one row more, whatever the list."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    Executable,
    Row,
    Select,
    Text,
    cast,
    func,
    literal,
    literal_column,
    select,
    tuple_,
    union,
)
from sqlalchemy.orm import InstrumentedAttribute, Session

from portal.kit.paging import Cursor, CursorValue, Page, decode_cursor, page_of

T = TypeVar("T")
AnySelect = Select[*tuple[Any, ...]]
AnyRow = Row[*tuple[Any, ...]]

PAGE_ROWS = 50
# Nobody reads on to the thousandth row; among a million orders, counting further costs more than the page.
COUNT_MAX = 1_000
# So many are looked up one by one; what more have in common is soon met among the newest. Of those a search counts no
# more: it would look up a row of another table for each that it passes.
FEW = 200


@dataclass(frozen=True, slots=True)
class Sorting:
    """The columns that order a list, with their types; all fall together, or rise together."""

    columns: tuple[InstrumentedAttribute[Any] | ColumnElement[Any], ...]
    kinds: tuple[type, ...]
    falling: bool = True


def sorted_by(sortings: Mapping[str, Sorting], sort: str) -> Sorting:
    """The sorting of this name, falling where the name has "-" before it."""
    return replace(sortings[sort.removeprefix("-")], falling=sort.startswith("-"))


def fetch_page(
    session: Session,
    statement: AnySelect,
    sorting: Sorting,
    *,
    make: Callable[[Any], T],
    key: Callable[[T], tuple[CursorValue, ...]],
    cursor_text: str | None,
    mark: str,
    rows_max: int = PAGE_ROWS,
    total: tuple[int, bool] | None = None,
) -> Page[T]:
    """One page of `statement`. `mark` is the fingerprint of its filters. Raises CursorInvalidError."""
    cursor = decode_cursor(cursor_text, query=mark, kinds=sorting.kinds)
    rows = session.execute(after(statement, sorting, cursor).limit(rows_max + 1)).all()
    return page_of(
        [make(row) for row in rows],
        limit=rows_max,
        cursor=cursor,
        key=key,
        query=mark,
        total=total[0] if total else None,
        total_is_capped=total[1] if total else False,
    )


def after(statement: AnySelect, sorting: Sorting, cursor: Cursor | None) -> AnySelect:
    """The statement from the cursor on, in the direction in which the cursor looks."""
    falling = sorting.falling is not (cursor is not None and cursor.backwards)
    if cursor is not None:
        here = tuple_(*sorting.columns)
        there = tuple_(*(literal(v, c.type) for v, c in zip(cursor.values, sorting.columns, strict=True)))
        statement = statement.where(here < there if falling else here > there)
    return statement.order_by(*(column.desc() if falling else column.asc() for column in sorting.columns))


def neighbour(
    session: Session, statement: AnySelect, sorting: Sorting, values: Sequence[CursorValue], *, backwards: bool
) -> AnyRow | None:
    """The row of the list just after (or before) the one with these key values."""
    return session.execute(after(statement, sorting, Cursor(tuple(values), backwards)).limit(1)).first()


def count_up_to(session: Session, statement: AnySelect, most: int = COUNT_MAX) -> tuple[int, bool]:
    """How many rows a list has, and whether counting stopped at so many."""
    # Without its columns, so that an index alone can tell.
    bare: AnySelect = statement.order_by(None).with_only_columns(literal_column("1"), maintain_column_froms=True)
    few = bare.limit(most + 1).subquery()
    found = session.execute(select(func.count()).select_from(few)).scalar_one()
    return min(found, most), found > most


def has_mark(column: InstrumentedAttribute[Any], marks: Sequence[str]) -> ColumnElement[bool]:
    """Whether a row has any of these marks."""
    return column.op("&&", is_comparison=True)(cast(list(marks), ARRAY(Text)))


def few_of(session: Session, *ways: AnySelect) -> list[Any] | None:
    """The ids that any of these statements finds, each by its own index; None when they are more than FEW.

    What a name or an address finds is mostly a handful. Asked at once for the newest of it, the database would walk
    through all rows by time in the hope to meet some soon.
    """
    each = [select(way.limit(FEW + 1).subquery()) for way in ways]
    statement: Executable = union(*each) if len(each) > 1 else each[0]
    found = list(session.scalars(statement))
    return found if len(found) <= FEW else None
