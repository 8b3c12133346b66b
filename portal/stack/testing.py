"""Throw-away PostgreSQL and Redis for a test run, shared by all its processes.

A guardian process of its own starts both and stops them when the owner of the run (pytest's main process) is gone,
however it went. Workers of one run find the guardian by the run's directory; the first one starts it.
"""

import contextlib
import fcntl
import json
import os
import secrets
import select
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg
from psycopg import sql

from portal.stack import ports, processes
from portal.stack.postgres import throwaway_postgres
from portal.stack.redis import throwaway_redis

START_TIMEOUT_S = 120
STOP_TIMEOUT_S = 60
DIRECTORY_PREFIX = "portal-test-"
TEMPLATE = "portal_template"


@dataclass(frozen=True, slots=True)
class Services:
    """Addresses of the throw-away servers of this run; the databases in them are the caller's to make."""

    database_url: str
    redis_url: str


@contextlib.contextmanager
def throwaway_services() -> Iterator[Services]:
    """PostgreSQL and Redis for this test run: started once, however many xdist workers ask.

    `database_url` is the maintenance database of the owner; see `template_database` and `clone_database`.
    With `TEST_DATABASE_URL` and `TEST_REDIS_URL` in the environment one's own servers are used.
    """
    own = os.environ.get("TEST_DATABASE_URL"), os.environ.get("TEST_REDIS_URL")
    if own[0] and own[1]:
        yield Services(own[0], own[1])
        return
    run_id = os.environ.get("PYTEST_XDIST_TESTRUNUID")
    # Workers are children of the process that distributes the tests; it is the one that is there to the end.
    owner_pid = os.getppid() if run_id else os.getpid()
    directory = Path(tempfile.gettempdir(), f"{DIRECTORY_PREFIX}{os.geteuid()}-{run_id or os.getpid()}")
    directory.mkdir(mode=0o711, exist_ok=True)
    with _locked(directory / "start.lock"):
        services = _known_services(directory) or _start_guardian(directory, owner_pid)
    try:
        yield services
    finally:
        if not run_id:
            _stop_guardian(directory)


def template_database(url: str, migrate: Callable[[str], None], *, name: str = TEMPLATE) -> str:
    """The address of a database that `migrate(address)` has filled, made once per server. Returns its address."""
    made = url_of(url, name)
    with _connect(url) as connection:
        # Workers of one run ask at the same moment; the lock is theirs alone on this throw-away server.
        connection.execute("SELECT pg_advisory_lock(hashtext(%s))", [name])
        if connection.execute("SELECT datistemplate FROM pg_database WHERE datname = %s", [name]).fetchone() == (True,):
            return made
        drop_database(url, name)  # Left half-made by a migration that failed.
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        migrate(made)
        connection.execute(sql.SQL("ALTER DATABASE {} IS_TEMPLATE true").format(sql.Identifier(name)))
    return made


def clone_database(url: str, name: str, *, template: str = TEMPLATE) -> str:
    """A fresh copy of the template under `name`, in place of an older one. Returns its address."""
    drop_database(url, name)
    with _connect(url) as connection:
        statement = sql.SQL("CREATE DATABASE {} TEMPLATE {}")
        connection.execute(statement.format(sql.Identifier(name), sql.Identifier(template)))
    return url_of(url, name)


def drop_database(url: str, name: str) -> None:
    """Remove a database, with the connections it has. Does nothing if it is not there."""
    with _connect(url) as connection:
        connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


def url_of(url: str, database: str) -> str:
    """The address of another database on the same server."""
    return urlunsplit(urlsplit(url)._replace(path=f"/{database}"))


def _connect(url: str) -> "psycopg.Connection[tuple[object, ...]]":
    return psycopg.connect(url.replace("postgresql+psycopg://", "postgresql://", 1), autocommit=True)


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _known_services(directory: Path) -> Services | None:
    try:
        known = json.loads((directory / "services.json").read_text())
    except FileNotFoundError:
        return None
    return Services(**known["services"]) if processes.ProcessMark(*known["guardian"]).is_alive() else None


def _start_guardian(directory: Path, owner_pid: int) -> Services:
    _remove_leftovers(except_for=directory)
    log_path = directory / "guardian.log"
    with log_path.open("wb") as log:
        guardian = subprocess.Popen(
            [sys.executable, "-m", "portal.stack.testing", str(directory), str(owner_pid)],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd=Path(__file__).parents[2],
            start_new_session=True,  # Ctrl-C is for pytest, which still needs the database to clean up.
        )
    found: list[Services] = []

    def is_up() -> bool:
        services = _known_services(directory)
        if services is not None:
            found.append(services)
        return bool(found) or guardian.poll() is not None

    processes.wait_until(is_up, timeout_s=START_TIMEOUT_S)
    if not found:
        raise RuntimeError(f"The throw-away servers did not start:\n{log_path.read_text()}")
    # It is not waited for: it ends after us, and is then nobody's zombie.
    guardian.returncode = 0
    return found[0]


def _stop_guardian(directory: Path) -> None:
    try:
        pid, started = json.loads((directory / "services.json").read_text())["guardian"]
    except FileNotFoundError:
        return
    if processes.ProcessMark(pid, started).is_alive():
        processes.end_process(pid, signal.SIGTERM, timeout_s=STOP_TIMEOUT_S)


def _remove_leftovers(*, except_for: Path) -> None:
    """Remove directories of runs whose guardian was killed."""
    for directory in except_for.parent.glob(f"{DIRECTORY_PREFIX}{os.geteuid()}-*"):
        known = directory / "services.json"
        if directory == except_for or not known.exists() or _known_services(directory):
            continue
        shutil.rmtree(directory, ignore_errors=True)


def guard(directory: Path, owner_pid: int) -> None:
    """Start the servers, make their addresses known, and stop them when the owner is gone or on SIGTERM."""
    stop_read, stop_write = os.pipe()
    os.set_blocking(stop_write, False)
    signal.set_wakeup_fd(stop_write, warn_on_full_buffer=False)
    signal.signal(signal.SIGTERM, lambda *_: None)
    try:
        owner = os.pidfd_open(owner_pid)
    except ProcessLookupError:
        return
    password = secrets.token_urlsafe(24)
    tempfile.tempdir = str(directory)
    with (
        throwaway_postgres(port=ports.free_port(), password=password) as postgres,
        throwaway_redis(port=ports.free_port(), password=password) as redis,
    ):
        services = Services(postgres.url("postgres"), redis.url())
        mark = processes.ProcessMark.of_self()
        known = directory / "services.json"
        draft = known.with_suffix(".new")
        draft.touch(mode=0o600)
        draft.write_text(json.dumps({"services": asdict(services), "guardian": [mark.pid, mark.started_ticks]}))
        draft.replace(known)
        select.select([owner, stop_read], [], [])
    shutil.rmtree(directory, ignore_errors=True)


if __name__ == "__main__":
    guard(Path(sys.argv[1]), int(sys.argv[2]))
