"""Connections that die while nobody uses them: after a restart of the database no page meets one."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from portal import db as module
from portal.config import Settings
from portal.db import Database

NAME = "resting"


def test_a_connection_that_died_while_it_rested_is_not_handed_out(
    rested: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "REST_TRUSTED_S", 0.0)
    with rested.reading() as session:
        assert session.execute(text("SELECT 1")).scalar_one() == 1
    with rested.transaction() as session:
        assert session.execute(text("SELECT 2")).scalar_one() == 2


def test_without_the_question_the_first_page_meets_it(rested: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "REST_TRUSTED_S", 3600.0)
    with pytest.raises(OperationalError), rested.reading() as session:
        session.execute(text("SELECT 1"))


def test_a_connection_that_has_rested_still_has_its_statements(
    settings: Settings, db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "REST_TRUSTED_S", 0.0)
    own = Database()
    own.connect(settings.database_url, pool_size=1, name=NAME)
    asked = text("SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE '%prepared and kept%'")
    for _ in range(4):
        with own.transaction() as session:
            kept = session.execute(asked).scalar_one()
    own.dispose()
    assert kept == 1


@pytest.fixture
def rested(settings: Settings, db: None) -> Iterator[Database]:
    """A pool with one connection that the server has ended meanwhile."""
    own = Database()
    own.connect(settings.database_url, pool_size=1, name=NAME)
    with own.reading() as session:
        session.execute(text("SELECT 1"))
    with psycopg.connect(settings.database_owner_url.replace("+psycopg", ""), autocommit=True) as owner:
        ended = owner.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
            " WHERE application_name = %s AND datname = current_database()",
            [NAME],
        ).fetchall()
    assert ended == [(True,)]
    yield own
    own.dispose()
