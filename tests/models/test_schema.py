"""The schema that the migrations make."""

from __future__ import annotations

import pytest
from alembic import command
from sqlalchemy import create_engine, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from portal.db import transaction
from portal.migrate import migrate, migration_config
from portal.stack.testing import Services, drop_database, url_of


def test_migrations_go_up_down_and_up_again_and_match_the_models(services: Services) -> None:
    url = url_of(services.database_url, "up_and_down")
    drop_database(services.database_url, "up_and_down")
    engine = create_engine(
        services.database_url.replace("postgresql://", "postgresql+psycopg://"), isolation_level="AUTOCOMMIT"
    )
    with engine.connect() as connection:
        connection.execute(text("CREATE DATABASE up_and_down"))
    engine.dispose()
    migrate(url)
    command.check(migration_config(url))
    command.downgrade(migration_config(url), "base")
    migrate(url)
    _break_off_an_index(url)
    migrate(url)
    assert _invalid_indexes(url) == []
    command.check(migration_config(url))
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
