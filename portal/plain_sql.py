"""Statements that are written out, straight to the driver: what SQLAlchemy would look up for them is looked up once.

A `text()` of a module is the same object for the life of its process. How its parameters are bound and its rows are
read is worked out the second time it is run; from then on it costs what psycopg takes and little more. Errors, lost
connections and rows are SQLAlchemy's, as with any other statement.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast
from weakref import WeakKeyDictionary

from psycopg import Connection as Driver
from psycopg import Error as PsycopgError
from psycopg._preparing import Key, Prepare, PrepareManager
from psycopg._queries import PostgresQuery
from psycopg.abc import PyFormat
from psycopg.abc import Transformer as Adapting
from psycopg.adapt import Transformer
from psycopg.errors import error_from_result
from psycopg.generators import execute
from psycopg.pq import ExecStatus, Format, TransactionStatus
from psycopg.pq.abc import PGresult
from sqlalchemy import Connection, Engine, TextClause
from sqlalchemy.engine import Dialect, IteratorResult
from sqlalchemy.engine.result import SimpleResultMetaData
from sqlalchemy.orm import Session, SessionTransaction
from sqlalchemy.sql.selectable import TextualSelect

Process = Callable[[Any], Any]
Written = TextClause | TextualSelect


class Answer(IteratorResult[Any]):
    """Rows of a statement, and how many it has changed."""

    def __init__(self, reading: SimpleResultMetaData, rows: Iterable[Any], rowcount: int) -> None:
        super().__init__(reading, iter(rows))
        self.rowcount = rowcount


@dataclass(frozen=True, slots=True)
class Wire:
    """A statement as it goes to the server: `$1` for parameters, and which of the values each of them is."""

    query: bytes
    names: Mapping[str, None]  # In their order.
    formats: Sequence[PyFormat]


class KeptStatements(PrepareManager):
    """What a connection has prepared, kept through a ROLLBACK.

    psycopg forgets all of it then, as what a statement names may have been made in that transaction; nothing here makes
    tables, and PostgreSQL takes back data, not statements. To plan them all again costs more than most pages.

    How values go to and come from the connection's server is looked up once, and kept beside them.
    """

    transformer: Adapting | None = None

    def clear(self) -> bool:
        return False

    def validate(self, key: Key, prep: Prepare, name: bytes, results: Sequence[PGresult]) -> None:
        """Keep also what failed when it was run: the server has it, and would be given another each time it fails."""
        self._rotate()

    def forget(self) -> None:
        """Prepare everything anew. What the server still has stays there until the connection ends."""
        self._names.clear()
        self._counts.clear()


class PlainStatement:
    """A statement as the driver takes it."""

    def __init__(self, sql: str, bound: Mapping[str, Process], types: Mapping[str, Any], dialect: Dialect) -> None:
        self._sql, self._bound, self._types, self._dialect = sql, bound, types, dialect
        self._wire: Wire | None = None
        self._reads: tuple[tuple[bytes | None, ...], SimpleResultMetaData] = ((), SimpleResultMetaData(()))

    def run(self, connection: Connection, values: Mapping[str, Any]) -> Answer:
        """Run it within whatever the connection is in. Raises what SQLAlchemy raises."""
        if self._bound:
            values = {name: self._bound[name](v) if name in self._bound else v for name, v in values.items()}
        driver: Any = connection.connection.dbapi_connection
        try:
            result, rows = self._prepared(driver, values) or self._by_cursor(driver, values)
        except PsycopgError as error:
            # It tells what is lost with the error: a connection, all that the pool holds.
            connection._handle_dbapi_exception(error, self._sql, values, None, None)  # noqa: SLF001  # Nobody else can.
        if not result.nfields:
            return Answer(_NO_COLUMNS, (), result.command_tuples if result.command_tuples is not None else -1)
        names, reading = self._reads
        found = tuple(map(result.fname, range(result.nfields)))
        if names != found:
            reading = self._reading([name.decode() for name in found if name is not None])
            self._reads = (found, reading)
        return Answer(reading, rows, len(rows))

    def _prepared(self, driver: Driver, values: Mapping[str, Any]) -> tuple[PGresult, list[Any]] | None:
        """Run it under the name by which this connection has prepared it; None if it has not, for such values.

        What a cursor of psycopg would work out anew each time takes longer than all the rest. The names are psycopg's.
        """
        wire = self._wire
        if wire is None:
            wire = self._wire = self._made_wire(driver, values)
        if not values.keys() >= wire.names.keys():
            return None
        transformer = _transformer_of(driver)
        given = transformer.dump_sequence([values[name] for name in wire.names], wire.formats)
        key, names = (wire.query, transformer.types or ()), driver._prepared._names  # noqa: SLF001  # Its own.
        name = names.get(key)
        if name is None:
            return None
        names.move_to_end(key)
        server = driver.pgconn
        if not driver.autocommit and server.transaction_status == TransactionStatus.IDLE:
            driver.wait(driver._start_query())  # noqa: SLF001  # BEGIN, as the cursor would say it.
        server.send_query_prepared(name, given, param_formats=transformer.formats, result_format=Format.TEXT)
        result = driver.wait(execute(server))[-1]
        if result.status == ExecStatus.TUPLES_OK:
            transformer.set_pgresult(result)
            rows = transformer.load_rows(0, result.ntuples, tuple)
            transformer.set_pgresult(None)  # It outlives what it has read.
            return result, rows
        if result.status == ExecStatus.COMMAND_OK:
            return result, []
        raise error_from_result(result, encoding=server._encoding)  # noqa: SLF001  # As psycopg has it.

    def _by_cursor(self, driver: Driver, values: Mapping[str, Any]) -> tuple[PGresult, list[Any]]:
        cursor = driver.execute(self._sql, values)
        result = cast("PGresult", cursor.pgresult)
        return result, cursor.fetchall() if result.nfields else []

    def _made_wire(self, driver: Driver, values: Mapping[str, Any]) -> Wire:
        query = PostgresQuery(Transformer(driver))
        query.convert(self._sql.encode(), values)
        return Wire(query.query, dict.fromkeys(query._order or ()), query._want_formats or ())  # noqa: SLF001  # psycopg's own reading.

    def _reading(self, names: list[str]) -> SimpleResultMetaData:
        """How rows of these columns are read."""
        twice = frozenset(name for name, count in Counter(names).items() if count > 1)
        processes = [self._process(name) for name in names]
        return SimpleResultMetaData(
            names, _processors=cast("Any", processes) if any(processes) else None, _ambiguous_keys=twice or None
        )

    def _process(self, name: str) -> Process | None:
        kind = self._types.get(name)
        return None if kind is None else kind.dialect_impl(self._dialect).result_processor(self._dialect, None)


def _transformer_of(driver: Driver) -> Adapting:
    kept = driver._prepared  # noqa: SLF001  # Ours, where a pool of ours has made the connection.
    if not isinstance(kept, KeptStatements):
        return Transformer(driver)
    if kept.transformer is None:
        kept.transformer = Transformer(driver)
    return kept.transformer


class PlainSession(Session):
    """A session that hands statements which are written out to the driver; all others go SQLAlchemy's way."""

    # That of the transaction that is open, which SQLAlchemy would look for anew before each statement.
    _found: tuple[SessionTransaction, Connection] | None = None

    def line(self) -> Connection:
        """The connection that the session's next statement takes."""
        opened = self._transaction
        if opened is None or not opened.is_active or self._found is None or self._found[0] is not opened:
            connection = self.connection()
            assert self._transaction is not None
            self._found = self._transaction, connection
            return connection
        return self._found[1]

    def execute(self, statement: Any, params: Any = None, **options: Any) -> Any:
        if isinstance(statement, Written) and not options and (params is None or isinstance(params, Mapping)):
            plain = plain_statement(statement, connection := self.line())
            if plain is not None:
                return plain.run(connection, params or {})
        return super().execute(statement, params, **options)

    def scalars(self, statement: Any, params: Any = None, **options: Any) -> Any:
        if isinstance(statement, Written):
            return self.execute(statement, params, **options).scalars()
        return super().scalars(statement, params, **options)

    def scalar(self, statement: Any, params: Any = None, **options: Any) -> Any:
        if isinstance(statement, Written):
            return self.execute(statement, params, **options).scalar()
        return super().scalar(statement, params, **options)


class Reading(PlainSession):
    """A session for statements of which each stands alone: they need a connection, and no books of a transaction.

    Autocommit spares them the round trips of BEGIN and ROLLBACK. The driver is told directly, as SQLAlchemy's level of
    isolation costs half a statement to set and to take back; who gives connections back to the pool takes it back.
    """

    _line: Connection | None = None

    def line(self) -> Connection:
        if self._line is None:
            self._line = cast("Engine", self.bind).connect()
            driver: Any = self._line.connection.dbapi_connection
            driver.autocommit = True
        return self._line

    def get_bind(self, *_args: Any, **_options: Any) -> Connection:
        """What goes SQLAlchemy's way takes the same connection."""
        return self.line()

    def close(self) -> None:
        super().close()
        if self._line is not None:
            self._line.close()
            self._line = None


_NO_COLUMNS = SimpleResultMetaData(())
# ONCE: it may have been made for one call, so SQLAlchemy had it, which knows the words of all. NEVER: it takes more.
ONCE, NEVER = object(), object()
_known: WeakKeyDictionary[Written, object] = WeakKeyDictionary()


def plain_statement(statement: Written, connection: Connection) -> PlainStatement | None:
    """The statement for the driver; None where SQLAlchemy must have it: the first time, and where somebody listens."""
    found = _known.get(statement)
    if type(found) is not PlainStatement:
        if found is None:
            _known[statement] = ONCE
        if found is not ONCE:
            return None
        found = _known[statement] = _made(statement, connection.dialect) or NEVER
    if found is NEVER or connection.engine.dispatch.before_cursor_execute:
        return None
    return cast("PlainStatement", found)


def _made(statement: Written, dialect: Dialect) -> PlainStatement | None:
    """The statement for the driver; None if its words depend on its values, or it brings values of its own."""
    compiled = cast("Any", statement.compile(dialect=dialect))
    if compiled.post_compile_params or compiled.literal_execute_params:
        return None
    if not all(parameter.required for parameter in compiled.bind_names):
        return None
    columns = statement.selected_columns if isinstance(statement, TextualSelect) else ()
    types = {column.name: column.type for column in columns}
    return PlainStatement(compiled.string, compiled._bind_processors, types, dialect)  # noqa: SLF001  # No other way.
