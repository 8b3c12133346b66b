"""What a listing is: a list of a desk as a statement, its columns, and its rows by key, for files (ANA-03)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from portal.kit.money import as_decimal
from portal.kit.paging import Cursor, decode_cursor, encode_cursor
from portal.kit.tables import Column, Kind
from portal.queries.keyset import AnyRow, AnySelect, Sorting, after
from portal.rules.permissions import Permission


@dataclass(frozen=True)
class Listing:
    """A list that can be had as a file. `statement` takes a `filter` and selects what `columns` and `key` name.

    Who takes it needs `permission` for everybody's things, beside that of exports.
    """

    name: str
    title: str
    permission: Permission
    filter: type[Any]
    columns: tuple[Column, ...]
    statement: Callable[[Any], AnySelect]
    sorting: Sorting
    key: tuple[str, ...]


def count_rows(session: Session, listing: Listing, chosen: Any) -> int:
    """How many rows it has, all of them counted."""
    whole = listing.statement(chosen).order_by(None).subquery()
    return int(session.execute(select(func.count()).select_from(whole)).scalar_one())


def read_rows(
    session: Session, listing: Listing, chosen: Any, *, cursor: str | None, limit: int, locale: str
) -> tuple[list[list[Any]], str | None]:
    """The next rows after a cursor, as texts and whole numbers, and the cursor after them; None with the last row."""
    at = decode_cursor(cursor, query=listing.name, kinds=listing.sorting.kinds)
    rows = session.execute(after(listing.statement(chosen), listing.sorting, at).limit(limit + 1)).all()
    shown = rows[:limit]
    following = None
    if len(rows) > limit:
        following = encode_cursor(Cursor(tuple(getattr(shown[-1], name) for name in listing.key)), query=listing.name)
    return [_values(listing.columns, row, locale) for row in shown], following


def _values(columns: Sequence[Column], row: AnyRow, locale: str) -> list[Any]:
    return [_value(column, getattr(row, column.name), row, locale) for column in columns]


def _value(column: Column, value: Any, row: AnyRow, locale: str) -> Any:
    kind = column.kind
    if value is None:
        return None
    if kind is Kind.MONEY:
        return str(as_decimal(value, getattr(row, column.currency)))
    if isinstance(value, datetime):
        return value.isoformat(timespec="seconds")
    if kind is Kind.NUMBER:
        return int(value)
    if isinstance(value, Mapping):
        return str(value.get(locale) or value.get("en") or "")
    return str(value)
