"""Statements that are written out go to the driver, and nobody who runs them can tell."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sqlalchemy import Select, column, create_engine, event, select, table, text
from sqlalchemy.exc import DBAPIError, IntegrityError, InvalidRequestError, OperationalError, StatementError
from sqlalchemy.orm import Session

from portal.config import Settings
from portal.crypto import EncryptedText
from portal.db import database, reading, transaction
from portal.plain_sql import Answer

EMAIL = EncryptedText("user_account.email")

_ROWS = text("SELECT n AS id, CAST(:word AS text) || n AS word FROM generate_series(1, CAST(:most AS integer)) n")
_TYPED = text("SELECT CAST(:kept AS bytea) AS email, 1 AS one").columns(email=EMAIL)
_TWICE = text("SELECT 1 AS id, 2 AS id, 3 AS other")
_KEPT = text("SELECT :word || n AS word FROM generate_series(1, 2) n")
_DIVIDED = text("SELECT 1 / CAST(:by AS integer)")
_OWN = text("SELECT CAST(:value AS text)")
_MOVED = text("UPDATE section SET position = position + 1 WHERE slug <> :slug")
_MOVING: Select[Any, Any] = select(column("one"), column("two")).select_from(table("moved"))
_MARK = text("SELECT '100%', :value")
_SECTION = text("INSERT INTO section (slug, name, position) VALUES (:slug, CAST('{}' AS jsonb), 1)")


@pytest.fixture(params=[reading, transaction], ids=["reading", "writing"])
def session(db: None, request: pytest.FixtureRequest) -> Iterator[Session]:
    with request.param() as session:
        yield session


def driven(session: Session, statement: Any, values: dict[str, Any] | None = None) -> Any:
    """The answer of the driver's way, under the name by which the connection has prepared the statement: the first time
    SQLAlchemy has it, and has it prepared by psycopg's cursor.
    """
    session.execute(statement, values)
    session.execute(statement, values)
    answer = session.execute(statement, values)
    assert isinstance(answer, Answer)
    return answer


def test_rows_are_those_of_sqlalchemy(session: Session) -> None:
    values = {"word": "n", "most": 2}
    rows = driven(session, _ROWS, values).all()
    assert [(row.id, row.word) for row in rows] == [(1, "n1"), (2, "n2")] == [tuple(row) for row in rows]
    assert rows[1]._mapping == {"id": 2, "word": "n2"}
    assert session.scalars(_ROWS, values).all() == [1, 2]
    assert session.execute(_ROWS, values | {"most": 0}).one_or_none() is None
    assert driven(session, _MARK, {"value": 7}).one() == ("100%", 7)


def test_types_are_minded(session: Session) -> None:
    kept = EMAIL.process_bind_param("anna@example.com", session.get_bind().dialect)
    row = driven(session, _TYPED, {"kept": kept}).one()
    assert (row.email, row.one) == ("anna@example.com", 1)


def test_a_name_that_means_two_columns_is_refused(session: Session) -> None:
    row = driven(session, _TWICE).mappings().one()
    assert row["other"] == 3
    with pytest.raises(InvalidRequestError, match="Ambiguous"):
        row["id"]


def test_a_forgotten_value_is_no_null(session: Session) -> None:
    driven(session, _ROWS, {"word": "n", "most": 1})
    with pytest.raises(StatementError):
        session.execute(_ROWS, {"word": "n"})


def test_refusals_are_those_of_sqlalchemy_and_leave_nothing(db: None) -> None:
    with transaction() as session:
        assert driven_once_each(session, "a", "b").rowcount == 1
    with pytest.raises(IntegrityError), transaction() as session:
        driven_once_each(session, "c", "a")
    with transaction() as session:
        session.execute(_SECTION, {"slug": "d"})
        with pytest.raises(IntegrityError), session.begin_nested():
            session.execute(_SECTION, {"slug": "a"})
    with reading() as session:
        assert session.scalars(text("SELECT slug FROM section ORDER BY slug")).all() == ["a", "b", "d"]


def driven_once_each(session: Session, *slugs: str) -> Answer:
    for slug in slugs:
        answer = session.execute(_SECTION, {"slug": slug})
    assert isinstance(answer, Answer)
    return answer


def test_who_listens_hears_every_statement(session: Session) -> None:
    driven(session, _ROWS, {"word": "n", "most": 1})
    heard: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        heard.append(statement)

    event.listen(database.engine, "before_cursor_execute", note)
    try:
        session.execute(_ROWS, {"word": "n", "most": 1})
    finally:
        event.remove(database.engine, "before_cursor_execute", note)
    assert len(heard) == 1


@pytest.mark.parametrize("refused", ["SELECT 1 / 0", "INSERT INTO section (slug) VALUES (NULL)"])
def test_what_is_prepared_outlives_a_rollback(db: None, refused: str) -> None:
    prepared = text("SELECT name FROM pg_prepared_statements WHERE statement LIKE 'SELECT $1 || %'")
    with transaction() as opened:
        rows = driven(opened, _KEPT, {"word": "a"}).all()
        names = opened.scalars(prepared).all()
    assert len(names) == 1
    with pytest.raises(DBAPIError), transaction() as opened:
        opened.execute(text(refused))
    with transaction() as opened:
        assert opened.scalars(prepared).all() == names
        assert opened.execute(_KEPT, {"word": "a"}).all() == rows


def test_what_fails_each_time_is_prepared_once(db: None) -> None:
    """Else a connection of a server that is always refused the same would grow as long as it lives."""
    prepared = text("SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE 'SELECT 1 / CAST($1 %'")
    for _ in range(4):
        with pytest.raises(DBAPIError), transaction() as opened:
            opened.execute(_DIVIDED, {"by": 0})
    with transaction() as opened:
        assert opened.scalars(prepared).one() == 1
        assert opened.execute(_DIVIDED, {"by": 1}).scalar_one() == 1


def test_values_of_another_type_are_another_statement_to_the_server(session: Session) -> None:
    for value in (1, 2**40, None, "n", 10**30, 1):
        assert driven(session, _OWN, {"value": value}).scalar_one() == (None if value is None else str(value))


def test_what_is_changed_is_counted(db: None) -> None:
    values = [{"slug": f"s{n}"} for n in range(4)]
    with transaction() as opened:
        for value in values:
            opened.execute(_SECTION, value)
        assert driven(opened, _MOVED, values[0]).rowcount == 3
        assert driven(opened, _MOVED, {"slug": ""}).rowcount == 4


def test_what_comes_first_begins_the_transaction(db: None) -> None:
    for _ in range(4):
        with transaction() as opened:
            opened.execute(_SECTION, {"slug": "s"})
            opened.rollback()  # lint: allow commit: it is what is looked at
    with reading() as opened:
        assert opened.scalar(text("SELECT count(*) FROM section")) == 0


def test_a_connection_that_is_lost_is_taken_out_of_the_pool(db: None, settings: Settings) -> None:
    values = {"word": "n", "most": 1}
    with reading() as opened:
        driven(opened, _ROWS, values)
        pid = opened.scalar(text("SELECT pg_backend_pid()"))
        owner = create_engine(settings.database_owner_url)
        with owner.connect() as line:
            assert line.scalar(text("SELECT pg_terminate_backend(:pid, 5000)"), {"pid": pid})
        owner.dispose()
        with pytest.raises(OperationalError) as raised:
            opened.execute(_ROWS, values)
    assert raised.value.connection_invalidated
    assert database.look(lambda opened: opened.scalars(_ROWS, values).all()) == [1]


@pytest.mark.parametrize("is_closed", [True, False])
def test_who_only_reads_leaves_a_connection_for_transactions(db: None, is_closed: bool) -> None:
    """Each statement of a reading session stands alone, on a connection that then takes a transaction all the same."""
    session = database._single()  # One that somebody may forget to close; reading() closes it.
    session.execute(text("SELECT 1"))
    driver: Any = session.line().connection.dbapi_connection
    assert driver.autocommit
    if is_closed:
        session.close()
    del session
    gc.collect()
    with transaction() as writing:
        connection: Any = writing.connection().connection
        assert connection.dbapi_connection is driver
        assert not driver.autocommit
        writing.execute(_SECTION, {"slug": "gone"})
        writing.rollback()  # lint: allow commit: it is what is looked at
    with reading() as looking:
        assert looking.scalar(text("SELECT count(*) FROM section WHERE slug = 'gone'")) == 0


@pytest.mark.parametrize("run", [database.look, database.atomically])
@pytest.mark.parametrize(
    "made", [text("SELECT * FROM moved"), select(column("one"), column("two")).select_from(table("moved"))]
)
def test_columns_that_a_migration_changes_meanwhile_are_read_anew(
    db: None, settings: Settings, run: Callable[..., Any], made: Any
) -> None:
    """Without it such a statement fails as long as its connection lives."""
    owner = create_engine(settings.database_owner_url, isolation_level="AUTOCOMMIT")
    with owner.connect() as migration:
        migration.execute(text("CREATE TABLE moved AS SELECT 1 AS one, 2 AS two"))
        try:
            migration.execute(text("GRANT SELECT ON moved TO portal_app"))
            for _ in range(4):
                assert run(lambda opened: opened.execute(made).all()) == [(1, 2)]
            migration.execute(text("ALTER TABLE moved ALTER one TYPE text"))
            for _ in range(4):
                assert run(lambda opened: opened.execute(made).all()) == [("1", 2)]
        finally:
            migration.execute(text("DROP TABLE moved"))
    owner.dispose()
