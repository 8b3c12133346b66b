"""Post to an address that somebody else has named: looked up once, judged, and called at exactly what was judged.

Without that, an address could lead into our own network: by its name, by a redirect, or by a name that changes between
the look and the call. Nothing is trusted to end by itself either: not the answer's length, not its pace.
"""

from __future__ import annotations

import http.client
import ipaddress
import queue
import socket
import ssl
import threading
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from http import HTTPStatus
from urllib.parse import urlsplit

from portal.kit.networks import Address, AllowedTarget, may_be_called

LOOK_UP_TIMEOUT_S = 3
CONNECT_TIMEOUT_S = 3
# From the first packet to the last, whatever comes in between.
TOTAL_TIMEOUT_S = 10
# Names of somebody whose server never answers keep a thread until the system's own patience is over.
LOOK_UPS_AT_ONCE = 32
ANSWER_MAX_BYTES = 4_096
EXCERPT_MAX = 500
_DEFAULT_PORTS = {"http": 80, "https": 443}
_TLS = ssl.create_default_context()
_looking_up = threading.BoundedSemaphore(LOOK_UPS_AT_ONCE)


class Problem(StrEnum):
    """Why a call came to nothing."""

    STATUS = "status"
    REDIRECT = "redirect"
    TIMEOUT = "timeout"
    NO_CONNECTION = "no_connection"
    TLS = "tls"
    BROKEN_ANSWER = "broken_answer"
    NAME_UNKNOWN = "name_unknown"
    FORBIDDEN_ADDRESS = "forbidden_address"


class TargetRefusedError(Exception):
    """The address cannot or may not be called; `problem` says why."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        super().__init__(problem.value)


@dataclass(frozen=True, slots=True)
class Target:
    """An address that was looked up: the number to call, and the name to call it by."""

    is_secure: bool
    host: str
    port: int
    path: str
    address: str


@dataclass(frozen=True, slots=True)
class TargetAnswer:
    """What a call came to. `problem` is None for a 2xx alone; `excerpt` is the beginning of the answer."""

    status_code: int | None
    latency_ms: int
    problem: Problem | None
    excerpt: str = ""
    retry_after_s: int | None = None


def look_up(url: str, allowed: Iterable[AllowedTarget]) -> Target:
    """Find the number behind an address. Every number of the name must be one that may be called.

    Raises TargetRefusedError. Plain HTTP is for what the operator has allowed only: it crosses no foreign network.
    """
    parts = urlsplit(url)
    host, port = parts.hostname or "", parts.port or _DEFAULT_PORTS.get(parts.scheme, 0)
    addresses = _addresses_of(host, port)
    known = tuple(allowed)
    if not addresses or not all(may_be_called(one, port, known) for one in addresses):
        raise TargetRefusedError(Problem.FORBIDDEN_ADDRESS)
    is_secure = parts.scheme == "https"
    if not is_secure and not all(any(a.covers(one, port) for a in known) for one in addresses):
        raise TargetRefusedError(Problem.FORBIDDEN_ADDRESS)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Target(is_secure, host, port, path, str(addresses[0]))


def _addresses_of(host: str, port: int) -> list[Address]:
    """The numbers behind a name, in the order of the system. Raises TargetRefusedError, in time.

    The system's look-up knows no limit of ours, so it is left behind in its thread when that is over.
    """
    slot = _looking_up
    told: queue.SimpleQueue[list[Address] | None] = queue.SimpleQueue()

    def look() -> None:
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
            told.put([ipaddress.ip_address(str(entry[4][0]).partition("%")[0]) for entry in found])
        except (OSError, UnicodeError, OverflowError, ValueError):
            told.put(None)
        finally:
            slot.release()

    if not slot.acquire(timeout=LOOK_UP_TIMEOUT_S):
        raise TargetRefusedError(Problem.TIMEOUT)
    threading.Thread(target=look, daemon=True, name="look-up").start()
    try:
        addresses = told.get(timeout=LOOK_UP_TIMEOUT_S)
    except queue.Empty:
        raise TargetRefusedError(Problem.TIMEOUT) from None
    if addresses is None:
        raise TargetRefusedError(Problem.NAME_UNKNOWN)
    return addresses


def post(target: Target, *, headers: Mapping[str, str], body: bytes) -> TargetAnswer:
    """Post once. Follows no redirect, reads a few kilobytes, and comes back in time whatever the other side does."""
    began = time.monotonic()

    def took() -> int:
        return int((time.monotonic() - began) * 1_000)

    try:
        connection, raw = _connect(target)
    except ssl.SSLError:
        return TargetAnswer(None, took(), Problem.TLS)
    except TimeoutError:
        return TargetAnswer(None, took(), Problem.TIMEOUT)
    except OSError:
        return TargetAnswer(None, took(), Problem.NO_CONNECTION)
    # Time-outs of sockets are for each piece: what comes in drops is cut off by the clock.
    late = threading.Event()
    watch = threading.Timer(max(0, began + TOTAL_TIMEOUT_S - time.monotonic()), _cut, (raw, late))
    watch.daemon = True
    watch.start()
    try:
        connection.request("POST", target.path, body=body, headers={**headers, "Host": _host(target)})
        answer = connection.getresponse()
        content = answer.read(ANSWER_MAX_BYTES)
    except (OSError, http.client.HTTPException, ValueError, AttributeError) as failure:
        timed_out = late.is_set() or isinstance(failure, TimeoutError)
        return TargetAnswer(None, took(), Problem.TIMEOUT if timed_out else Problem.BROKEN_ANSWER)
    finally:
        watch.cancel()
        connection.close()
    if late.is_set():  # Cut off: what came until then may look whole.
        return TargetAnswer(None, took(), Problem.TIMEOUT)
    return _judge(answer, content, took())


def _connect(target: Target) -> tuple[http.client.HTTPConnection, socket.socket]:
    raw = socket.create_connection((target.address, target.port), timeout=CONNECT_TIMEOUT_S)
    try:
        plain = raw if not target.is_secure else _TLS.wrap_socket(raw, server_hostname=target.host)
    except BaseException:
        raw.close()
        raise
    plain.settimeout(TOTAL_TIMEOUT_S)
    connection = http.client.HTTPConnection(target.host, target.port)
    # The socket is there already: the connection looks no name up again.
    connection.sock = plain
    return connection, plain


def _cut(raw: socket.socket, late: threading.Event) -> None:
    late.set()
    try:
        # The plain shutdown, below TLS: the reader may be in the middle of it.
        socket.socket.shutdown(raw, socket.SHUT_RDWR)
    except OSError:
        return  # It has ended by itself.


def _host(target: Target) -> str:
    name = f"[{target.host}]" if ":" in target.host else target.host
    is_usual = target.port == _DEFAULT_PORTS["https" if target.is_secure else "http"]
    return name if is_usual else f"{name}:{target.port}"


def _judge(answer: http.client.HTTPResponse, content: bytes, latency_ms: int) -> TargetAnswer:
    status = answer.status
    excerpt = content.decode("utf-8", "replace").replace("\0", "")[:EXCERPT_MAX]
    if HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
        return TargetAnswer(status, latency_ms, None, excerpt)
    is_redirect = HTTPStatus.MULTIPLE_CHOICES <= status < HTTPStatus.BAD_REQUEST
    asked = answer.getheader("Retry-After", "")
    retry_after_s = int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 10 else None
    problem = Problem.REDIRECT if is_redirect else Problem.STATUS
    return TargetAnswer(status, latency_ms, problem, excerpt, retry_after_s)
