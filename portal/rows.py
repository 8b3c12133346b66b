"""Rows on their way into tables: collected by a session, and written many tables at a time."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Any, cast

import orjson
from psycopg import sql
from sqlalchemy import ARRAY, Connection, Float, Table, TextClause, event, text
from sqlalchemy.dialects.postgresql import dialect as postgresql_dialect
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import DeclarativeBase, Session
from sqlalchemy.types import TypeDecorator, TypeEngine

from portal.plain_sql import PlainSession

_DIALECT: Dialect = postgresql_dialect()  # type: ignore[no-untyped-call]  # SQLAlchemy says nothing of it.

# From so many rows on, insert_rows() copies.
COPIED_FROM = 50


@dataclass(frozen=True, slots=True)
class _Target:
    """Where rows go: a table, the columns they fill, and the columns whose known values leave a row out."""

    table: Table
    columns: tuple[str, ...]
    once: tuple[str, ...]


class Writing(PlainSession):
    """A session that writes. Rows from insert_rows() are collected, and go with one statement, whatever their tables:
    before the next statement of the session, at a savepoint, at the end.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._waiting: dict[_Target, list[Mapping[str, Any]]] = {}
        self._afterwards: dict[Callable[[], None], None] = {}

    def collect(self, target: _Target, rows: Sequence[Mapping[str, Any]]) -> None:
        # Inside a statement PostgreSQL promises no order, except among the rows of one INSERT.
        if any(other.table is target.table and other != target for other in self._waiting):
            self.write_rows()
        self._waiting.setdefault(target, []).extend(rows)

    def write_rows(self) -> None:
        """Write what was collected."""
        if not self._waiting:
            return
        waiting, self._waiting = self._waiting, {}
        values = {f"rows_{n}": _as_json(target, rows) for n, (target, rows) in enumerate(waiting.items())}
        super().execute(_insert_statement(tuple(waiting)), values)

    def forget(self) -> None:
        self._waiting.clear()
        self._afterwards.clear()

    def call_afterwards(self, call: Callable[[], None]) -> None:
        self._afterwards[call] = None

    def run_afterwards(self) -> None:
        """What was asked for by after_commit(); the caller has committed and given the connection back."""
        for call in self._afterwards:
            call()

    def flush(self, objects: Sequence[Any] | None = None) -> None:
        self.write_rows()
        super().flush(objects)

    def rollback(self) -> None:
        self.forget()  # Even when nothing has been sent yet, and SQLAlchemy knows of no transaction.
        super().rollback()  # lint: allow commit: it is how portal/db.py rolls back

    def connection(self, *args: Any, **options: Any) -> Connection:
        self.write_rows()
        return super().connection(*args, **options)

    def execute(self, *args: Any, **options: Any) -> Any:
        self.write_rows()
        return super().execute(*args, **options)

    def scalars(self, *args: Any, **options: Any) -> Any:
        self.write_rows()
        return super().scalars(*args, **options)

    def scalar(self, *args: Any, **options: Any) -> Any:
        self.write_rows()
        return super().scalar(*args, **options)


event.listen(Writing, "before_commit", lambda session: session.write_rows())
event.listen(Writing, "after_soft_rollback", lambda session, _previous: session.forget())


def insert_rows(
    session: Session, model: type[DeclarativeBase], rows: Sequence[Mapping[str, Any]], *, once: tuple[str, ...] = ()
) -> None:
    """Insert rows of one table, without making objects of them. All have the same columns.

    They are written together with those of other calls, at the latest before whatever the session does next. A row
    whose values of the columns `once` are known already is left out.
    """
    if not rows:
        return
    assert isinstance(session, Writing), "rows are written in a transaction"
    table = cast("Table", model.__table__)
    if len(rows) >= COPIED_FROM and not once:
        _copy_rows(session, table, rows)
        return
    session.collect(_Target(table, tuple(rows[0]), once), rows)


def after_commit(session: Session, call: Callable[[], None]) -> None:
    """Call this once when the transaction is committed, however often it is asked for; nothing if it is not.

    A process may die in between: only hints are given so.
    """
    assert isinstance(session, Writing), "only what writes is committed"
    session.call_afterwards(call)


@lru_cache(maxsize=256)
def _insert_statement(targets: tuple[_Target, ...]) -> TextClause:
    """One statement for rows of several tables. Each table's come as one value, so that the statement is the same
    for any number of rows, and stays prepared. Foreign keys are looked at when all of it is done.
    """
    inserts = []
    for number, target in enumerate(targets):
        name = _DIALECT.identifier_preparer.format_table(target.table)
        columns = ", ".join(map(_DIALECT.identifier_preparer.quote, target.columns))
        known = f" ON CONFLICT ({', '.join(target.once)}) DO NOTHING" if target.once else ""
        inserts.append(
            f"INSERT INTO {name} ({columns}) SELECT {columns} "  # noqa: S608  # Names of our own tables.
            f"FROM json_populate_recordset(CAST(NULL AS {name}), CAST(:rows_{number} AS json)){known}"
        )
    *others, last = inserts
    head = ", ".join(f"i{number} AS ({insert})" for number, insert in enumerate(others))
    return text(f"WITH {head} {last}" if others else last)


def _as_json(target: _Target, rows: Sequence[Mapping[str, Any]]) -> str:
    processors = _processors(target)
    if processors:
        rows = [{**row, **{name: process(row[name], _DIALECT) for name, process in processors.items()}} for row in rows]
    return orjson.dumps(rows, default=_json_text, option=orjson.OPT_NON_STR_KEYS).decode()


@lru_cache(maxsize=256)
def _processors(target: _Target) -> Mapping[str, Callable[[Any, Dialect], Any]]:
    """What types of ours make of a value on its way in, by column."""
    types = {name: target.table.c[name].type for name in target.columns}
    return {name: kind.process_bind_param for name, kind in types.items() if isinstance(kind, TypeDecorator)}


def _json_text(value: Any) -> str:
    """A value in PostgreSQL's own notation, for what JSON has none of its own."""
    if isinstance(value, bytes):
        return "\\x" + value.hex()
    if isinstance(value, Decimal):
        return str(value)
    raise TypeError(f"{type(value).__name__} is nothing that a column takes")


def _copy_rows(session: Session, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """What imports bring by the thousand: COPY takes a quarter of the time of VALUES, here and in the database."""
    connection = session.connection()
    dialect = connection.dialect
    names = list(rows[0])
    processors = [_copied(table.c[name].type, dialect) for name in names]
    target = sql.SQL("COPY {} ({}) FROM STDIN").format(
        sql.Identifier(table.name), sql.SQL(", ").join(map(sql.Identifier, names))
    )
    with connection.connection.cursor() as cursor, cursor.copy(target) as copy:  # type: ignore[attr-defined]  # psycopg's.
        for row in rows:
            copy.write_row(
                [
                    row[name] if process is None or row[name] is None else process(row[name])
                    for name, process in zip(names, processors, strict=True)
                ]
            )


def _copied(kind: TypeEngine[Any], dialect: Dialect) -> Callable[[Any], Any] | None:
    """What becomes of a value of this type on its way into COPY."""
    if isinstance(kind, ARRAY) and isinstance(kind.item_type, Float):
        return _numbers
    return kind.dialect_impl(dialect).bind_processor(dialect)


def _numbers(values: Sequence[float]) -> str:
    """In PostgreSQL's own notation: the driver would look at each of hundreds on its own."""
    return "{" + ",".join(map(repr, values)) + "}"
