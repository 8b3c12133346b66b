"""The throw-away servers of a test run."""

import os
import secrets
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
import redis

from portal.stack import processes
from portal.stack.testing import Services, clone_database, drop_database, template_database

# One run of tests: says where its servers are and waits to be ended.
RUN = """
import sys
from portal.stack.testing import throwaway_services
with throwaway_services() as services:
    print(services.database_url, flush=True)
    sys.stdin.read()
"""


def plain(url: str) -> str:
    return url.replace("+psycopg", "")


def test_a_template_is_filled_once_and_copied(services: Services, name: str) -> None:
    calls: list[str] = []

    def migrate(url: str) -> None:
        calls.append(url)
        with psycopg.connect(plain(url)) as connection:
            connection.execute("CREATE TABLE made (id int)")

    for _ in range(2):
        template_database(services.database_url, migrate, name=name)
    assert len(calls) == 1
    for _ in range(2):  # The second copy takes the place of the first.
        url = clone_database(services.database_url, f"{name}_copy", template=name)
        with psycopg.connect(plain(url)) as connection:
            assert connection.execute("SELECT count(*) FROM made").fetchone() == (0,)
            connection.execute("INSERT INTO made VALUES (1)")


def test_a_template_whose_migration_failed_is_made_anew(services: Services, name: str) -> None:
    def fail(url: str) -> None:
        with psycopg.connect(plain(url)) as connection:
            connection.execute("CREATE TABLE half (id int)")
        raise RuntimeError("in the middle")

    with pytest.raises(RuntimeError, match="in the middle"):
        template_database(services.database_url, fail, name=name)
    url = template_database(services.database_url, lambda _: None, name=name)
    with psycopg.connect(plain(url)) as connection:
        assert connection.execute("SELECT to_regclass('half')").fetchone() == (None,)


def test_redis_answers(services: Services) -> None:
    with redis.Redis.from_url(services.redis_url) as client:
        assert client.ping()


def test_the_servers_end_with_a_run_that_was_killed() -> None:
    environment = {name: value for name, value in os.environ.items() if name != "PYTEST_XDIST_TESTRUNUID"}
    run = subprocess.Popen(
        [sys.executable, "-c", RUN],
        env=environment,
        cwd=Path(processes.__file__).parents[2],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert run.stdout is not None
    url = plain(run.stdout.readline().strip())
    psycopg.connect(url).close()
    run.kill()
    run.communicate()

    def is_gone() -> bool:
        try:
            psycopg.connect(url, connect_timeout=5).close()
        except psycopg.OperationalError:
            return True
        return False

    assert processes.wait_until(is_gone, timeout_s=60)


@pytest.fixture
def name(services: Services) -> Iterator[str]:
    name = f"stack_test_{secrets.token_hex(4)}"
    yield name
    with psycopg.connect(plain(services.database_url), autocommit=True) as connection:
        connection.execute("UPDATE pg_database SET datistemplate = false WHERE datname = %s", [name])
    drop_database(services.database_url, name)
    drop_database(services.database_url, f"{name}_copy")
