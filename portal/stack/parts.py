"""A part of the running portal as data: what to start, how to know that it is up, how to stop it."""

import http.client
import signal
import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from pathlib import Path

from portal.stack.errors import StackError


class Stage(IntEnum):
    """Parts of a later stage need those of the earlier ones; they are stopped stage by stage, the last first."""

    DATABASE = 1
    QUEUE = 2
    HELPERS = 3
    PORTAL = 4


@dataclass(frozen=True, slots=True)
class Part:
    """A program that runs for as long as the portal does, and is started again when it dies."""

    name: str
    argv: tuple[str, ...]
    env: Mapping[str, str] = field(repr=False)
    cwd: Path
    stage: Stage = Stage.PORTAL
    user: str | None = None
    prepare: Callable[[], None] | None = None  # Before each start; may raise StackError.
    is_ready: Callable[[], bool] | None = None  # Without one it is ready when it has started.
    explain: Callable[[int], StackError] | None = None  # Why it did not start, from its log from this offset on.
    after_start: Callable[[], None] | None = None  # Once, when it is ready for the first time.
    ready_timeout_s: float = 180  # Of what still runs; a busy machine takes its time, and what ended is seen at once.
    stop_signal: signal.Signals = signal.SIGTERM
    stop_timeout_s: float = 5
    abort_signal: signal.Signals = signal.SIGTERM  # To one that refuses for good: it may be unable to stop in order.
    quiet: bool = False  # Its start is not worth a line on the terminal.


@dataclass(frozen=True, slots=True)
class Step:
    """A program that runs to its end between the starts of two parts. Its output is for the terminal."""

    name: str
    argv: tuple[str, ...]
    env: Mapping[str, str] = field(repr=False)
    cwd: Path
    needed: Callable[[], bool] | None = None
    failure: str = ""  # The sentence to print when it fails.


def answers_http(port: int, path: str = "/", *, host: str = "127.0.0.1") -> Callable[[], bool]:
    """A check: something serves HTTP on `port`, and does not answer with a server error."""

    def check() -> bool:
        connection = http.client.HTTPConnection(host, port, timeout=5)
        try:
            connection.request("GET", path)
            return connection.getresponse().status < http.HTTPStatus.INTERNAL_SERVER_ERROR
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    return check


def accepts_tcp(port: int, *, host: str = "127.0.0.1") -> Callable[[], bool]:
    """A check: something listens on `port`."""

    def check() -> bool:
        try:
            socket.create_connection((host, port), timeout=2).close()
        except OSError:
            return False
        return True

    return check
