"""The database: one declarative base, one engine, and the only places that commit or roll back."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from decimal import Decimal
from time import monotonic
from typing import Any, TypeVar

import orjson
from psycopg import Error as PsycopgError
from psycopg.pq import ExecStatus
from sqlalchemy import (
    ARRAY,
    BigInteger,
    DateTime,
    Engine,
    LargeBinary,
    MetaData,
    Numeric,
    Text,
    Uuid,
    create_engine,
    event,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.engine import Dialect, ExceptionContext
from sqlalchemy.exc import DBAPIError, DisconnectionError, OperationalError
from sqlalchemy.orm import DeclarativeBase, Session, sessionmaker
from sqlalchemy.pool import ConnectionPoolEntry
from sqlalchemy.types import TypeDecorator

from portal.plain_sql import KeptStatements, Reading
from portal.rows import Writing
from portal.rows import after_commit as after_commit
from portal.rows import insert_rows as insert_rows

T = TypeVar("T")

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s",
    "pk": "pk_%(table_name)s",
}

# 40001 serialisation failure, 40P01 deadlock: PostgreSQL asks for the whole transaction to be run again.
RETRYABLE_SQLSTATES = frozenset({"40001", "40P01"})
# 0A000 a prepared statement whose columns a migration has changed, 26000 one that the server does not know: both are
# right once they are prepared anew.
STALE_SQLSTATES = frozenset({"0A000", "26000"})

# How long a pooled connection may have rested and still be handed out unasked.
REST_TRUSTED_S = 1.0

# Statements that a connection keeps prepared: as many as a process has, so that none is planned again and again.
PREPARED_MAX = 500
# So often a statement is sent as text before the connection prepares it. What is asked once is asked for ever, and what
# was sent as text is read and planned again when it is prepared.
PREPARED_FROM = 0
_PLAN_ANEW = text("SET LOCAL plan_cache_mode = force_custom_plan")


class UtcDateTime(TypeDecorator[datetime]):
    """An instant. Refuses naive values on the way in; the connection speaks UTC, so values come back aware."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("An instant needs a time zone.")
        return value.astimezone(UTC)


class Base(DeclarativeBase):
    """Base of all tables. Python types decide column types once, here."""

    metadata = MetaData(naming_convention=NAMING)
    type_annotation_map = {  # noqa: RUF012  # SQLAlchemy's own name for this declaration
        int: BigInteger,
        str: Text,
        bytes: LargeBinary,
        datetime: UtcDateTime,
        Decimal: Numeric(20, 10),
        uuid.UUID: Uuid,
        dict[str, Any]: JSONB,
        list[str]: ARRAY(Text),
        list[Any]: JSONB,
    }


class Database:
    """The engine of this process and its two ways of opening a session: to write, and to read.

    The application works as the role `portal_app`, which cannot change what is written in the books,
    whoever the login is; migrations work as the owner.
    """

    def __init__(self) -> None:
        self._engine: Engine | None = None
        self._write: sessionmaker[Writing] = sessionmaker(class_=Writing, expire_on_commit=False, autoflush=False)
        self._single: sessionmaker[Reading] = sessionmaker(class_=Reading, expire_on_commit=False, autoflush=False)

    def connect(
        self,
        url: str,
        *,
        pool_size: int = 12,
        wait_s: float = 5,
        role: str | None = "portal_app",
        name: str = "portal",
    ) -> None:
        """Bind this process to the database at `url`. No connection is opened yet.

        Whoever finds all connections taken waits `wait_s` for one.
        """
        self.dispose()
        options = "-c timezone=UTC" + (f" -c role={role}" if role else "")
        self._engine = create_engine(
            url,
            pool_size=pool_size,
            max_overflow=8,
            pool_timeout=wait_s,
            pool_recycle=1800,
            # The connection that was used last: its statements are planned and its server's caches are warm.
            pool_use_lifo=True,
            json_deserializer=orjson.loads,
            connect_args={"options": options, "application_name": name, "connect_timeout": 5},
        )
        self._write.configure(bind=self._engine)
        event.listen(self._engine, "connect", _keep_prepared)
        event.listen(self._engine, "handle_error", _forget_stale)
        event.listen(self._engine, "checkin", _give_back)
        event.listen(self._engine, "checkout", _prove_rested)
        self._single.configure(bind=self._engine)

    @property
    def engine(self) -> Engine:
        if self._engine is None:
            raise RuntimeError("The database is not connected: call database.connect(url) first.")
        return self._engine

    def dispose(self, *, close: bool = True) -> None:
        """Forget all pooled connections; with close=False leave them to the parent process (after a fork)."""
        if self._engine is not None:
            self._engine.dispose(close=close)

    @contextmanager
    def transaction(self) -> Iterator[Session]:
        """One unit of work: committed when the block ends, rolled back when it raises."""
        with self._write() as session:
            try:
                yield session
                session.commit()
            except BaseException:
                session.rollback()
                raise
        session.run_afterwards()

    @contextmanager
    def bulk(self) -> Iterator[Session]:
        """One batch of a bulk load: a transaction whose statements are planned for the tables as large as they are now.

        A plan that was kept from the first batch reads tables end to end that were empty then.
        """
        with self.transaction() as session:
            session.execute(_PLAN_ANEW)
            yield session

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """A session for queries only. Each statement sees what is committed at its moment."""
        with self._single() as session:
            yield session

    @contextmanager
    def alone(self) -> Iterator[Session]:
        """A session for single statements that write: each is a transaction of its own, without BEGIN and COMMIT."""
        with self._single() as session:
            yield session

    @contextmanager
    def snapshot(self) -> Iterator[Session]:
        """A session whose queries all see the same moment, and which cannot write."""
        engine = self.engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
        with Session(engine) as session:
            yield session

    def look(self, work: Callable[[Session], T]) -> T:
        """Run `work`, which only reads, in a session as of reading(); once more if its connection had died before."""
        for attempt in (1, 2):
            try:
                with self._single() as session:
                    return work(session)
            except DBAPIError as error:
                if attempt == 2 or not _may_run_again(error, committing=False):
                    raise
        raise AssertionError("unreachable")

    def atomically(self, work: Callable[[Session], T]) -> T:
        """Run `work` in a transaction; once more if PostgreSQL asks for it or the connection had died before.

        The second run is safe because the first left nothing behind. A connection lost during COMMIT is not
        repeated here: the work may have been done, and the caller's idempotency key finds it.
        """
        for attempt in (1, 2):
            committing = False
            with self._write() as session:
                try:
                    result = work(session)
                    session.flush()
                    committing = True
                    session.commit()
                except DBAPIError as error:
                    session.rollback()
                    if attempt == 2 or not _may_run_again(error, committing=committing):
                        raise
                    continue
                except BaseException:
                    session.rollback()
                    raise
            session.run_afterwards()
            return result
        raise AssertionError("unreachable")


def _keep_prepared(connection: Any, _record: object) -> None:
    connection._prepared = KeptStatements()  # noqa: SLF001  # It can be told so in no other way.
    connection.prepared_max = PREPARED_MAX
    connection.prepare_threshold = PREPARED_FROM


def _forget_stale(context: ExceptionContext) -> None:
    """Prepare all anew where a statement is not any more what it was: else it would fail as long as its connection."""
    if context.connection is not None and getattr(context.original_exception, "sqlstate", None) in STALE_SQLSTATES:
        driver: Any = context.connection.connection.dbapi_connection
        driver._prepared.forget()  # noqa: SLF001  # Ours, see above.


def _give_back(connection: Any, record: ConnectionPoolEntry) -> None:
    """Whoever takes it next finds a connection for transactions, also after a session that nobody has closed."""
    record.info["rests_since"] = monotonic()
    if connection is not None and connection.autocommit:
        connection._autocommit = False  # noqa: SLF001  # The pool has rolled back; its setter would ask and might raise.


def _prove_rested(connection: Any, record: ConnectionPoolEntry, _proxy: object) -> None:
    """Ask a connection that has rested whether it lives; the pool then takes another, and no page meets a dead one.

    One that is in constant use is not asked: it would cost a round trip each time. It is asked below psycopg, which
    would open a transaction for it, and forgets with a rollback every statement that the connection has prepared.
    """
    since = record.info.get("rests_since")
    if since is None or monotonic() - since < REST_TRUSTED_S:
        return
    try:
        answer = connection.pgconn.exec_(b"")
    except PsycopgError as error:
        raise DisconnectionError("The connection had died while it rested.") from error
    if answer.status != ExecStatus.EMPTY_QUERY:
        raise DisconnectionError("The connection had died while it rested.")


def _may_run_again(error: DBAPIError, *, committing: bool) -> bool:
    sqlstate = getattr(error.orig, "sqlstate", None)
    if sqlstate in RETRYABLE_SQLSTATES | STALE_SQLSTATES:
        return True
    lost = error.connection_invalidated or (isinstance(error, OperationalError) and sqlstate is None)
    return lost and not committing


database = Database()
transaction = database.transaction
bulk = database.bulk
reading = database.reading
alone = database.alone
atomically = database.atomically
look = database.look
