"""The schema that the migrations make."""

from __future__ import annotations

import pytest
from alembic import command
from sqlalchemy import create_engine, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from portal.db import transaction
from portal.migrate import migrate, migration_config
from portal.stack.testing import Services, clone_database, drop_database

# What somebody has made in a database, but for what belongs to an extension.
MADE = text(
    """
    SELECT name FROM (
        SELECT oid, oid::regclass::text AS name FROM pg_class WHERE relnamespace = 'public'::regnamespace
        UNION ALL SELECT oid, oid::regtype::text FROM pg_type WHERE typrelid = 0 AND typelem = 0
        UNION ALL SELECT oid, oid::regprocedure::text FROM pg_proc
        UNION ALL SELECT oid, oid::regnamespace::text FROM pg_namespace
        UNION ALL SELECT oid, oid::regconfig::text FROM pg_ts_config
        UNION ALL SELECT oid, oid::regcollation::text FROM pg_collation
        UNION ALL SELECT oid, extname FROM pg_extension
        UNION ALL SELECT oid, evtname FROM pg_event_trigger
        UNION ALL SELECT oid, defaclacl::text FROM pg_default_acl
    ) AS made
    WHERE oid >= 16384 AND oid NOT IN (SELECT objid FROM pg_depend WHERE deptype = 'e') ORDER BY name
    """
)


def test_migrations_go_up_match_the_models_and_leave_nothing_on_the_way_down(
    services: Services, environment: dict[str, str]
) -> None:
    url = clone_database(services.database_url, "up_and_down")
    _break_off_an_index(url)
    migrate(url)
    assert _invalid_indexes(url) == []
    command.check(migration_config(url))
    command.downgrade(migration_config(url), "base")
    engine = create_engine(url.replace("postgresql://", "postgresql+psycopg://"))
    with engine.connect() as connection:
        left = connection.scalars(MADE).all()
    engine.dispose()
    # What remains is as nothing, from which the template was made: the way up again is the same.
    assert left == ["alembic_version", "alembic_version_pkc", "pg_trgm"]
    drop_database(services.database_url, "up_and_down")


def _break_off_an_index(url: str) -> None:
    """As a build beside the running shop leaves it that was killed, and one that was built again and killed."""
    engine = create_engine(url.replace("postgresql://", "postgresql+psycopg://"), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text("CREATE INDEX ix_orders_number_ccnew ON orders (number)"))
        connection.execute(
            text(
                "UPDATE pg_index SET indisvalid = false "
                "WHERE indexrelid IN ('ix_orders_state'::regclass, 'ix_orders_number_ccnew'::regclass)"
            )
        )
    assert sorted(_invalid_indexes(url)) == ["ix_orders_number_ccnew", "ix_orders_state"]
    engine.dispose()


def _invalid_indexes(url: str) -> list[str]:
    engine = create_engine(url.replace("postgresql://", "postgresql+psycopg://"))
    with engine.connect() as connection:
        found = connection.scalars(text("SELECT indexrelid::regclass::text FROM pg_index WHERE NOT indisvalid"))
        names = list(found)
    engine.dispose()
    return names


def test_every_row_was_looked_at_for_every_constraint(session: Session) -> None:
    assert session.execute(text("SELECT conname FROM pg_constraint WHERE NOT convalidated")).all() == []


@pytest.mark.req("BAL-01", "AUD-01")
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE ledger_posting SET amount_minor = 1",
        "DELETE FROM ledger_entry",
        "TRUNCATE audit_row CASCADE",
        "UPDATE audit_row SET actor = 'nobody'",
        "DELETE FROM audit_link",
    ],
)
def test_the_application_cannot_change_the_books(db: None, statement: str) -> None:
    with pytest.raises(DBAPIError, match="permission denied"), transaction() as session:
        session.execute(text(statement))


@pytest.mark.req("BAL-01")
@pytest.mark.parametrize("statement", ["UPDATE ledger_entry SET kind = 'x'", "DELETE FROM ledger_entry"])
def test_the_owner_cannot_change_the_books_either(session: Session, statement: str) -> None:
    session.execute(text("INSERT INTO ledger_entry (kind, idem_key, created_at) VALUES ('top_up', 'k', now())"))
    session.execute(text("SET ROLE NONE"))
    with pytest.raises(DBAPIError, match="append-only"):
        session.execute(text(statement))


@pytest.mark.req("BAL-01")
def test_an_entry_that_does_not_balance_is_refused(session: Session) -> None:
    session.execute(
        text(
            "INSERT INTO ledger_account (kind, owner, currency, cached) VALUES ('deposit', 'user:1', 'KRW', true), "
            "('gateway_clearing', 'platform', 'KRW', false)"
        )
    )
    session.execute(text("INSERT INTO ledger_entry (kind, idem_key, created_at) VALUES ('top_up', 'k', now())"))
    with pytest.raises(DBAPIError, match="does not balance"):
        session.execute(
            text(
                "INSERT INTO ledger_posting (entry_id, account_id, currency, amount_minor) "
                "VALUES (1, 1, 'KRW', 100), (1, 2, 'KRW', -99)"
            )
        )
