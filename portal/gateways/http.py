"""Calls to vendors: connections kept open, bounded in time, and every failure sorted by what it means for money."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus

import urllib3
from urllib3.exceptions import (
    ConnectTimeoutError,
    HTTPError,
    NewConnectionError,
    ReadTimeoutError,
    SSLError,
)

from portal.gateways.errors import GatewayRefusedError, GatewayUnavailableError, OutcomeUnknownError

# lint: allow float: seconds to wait, not money
CONNECT_TIMEOUT_S = 1.0
TOTAL_TIMEOUT_S = 4.0  # lint: allow float: seconds to wait, not money
_CONNECTIONS_MAX = 32  # Idle ones kept; as many worker threads as one process will ever run.
_ANSWER_MAX_BYTES = 8 * 1024 * 1024
_CHUNK_BYTES = 65536


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer of a vendor, read to its end."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Transport:
    """Sends requests of one gateway. Safe in several threads.

    Raises GatewayUnavailableError if nothing can have arrived, OutcomeUnknownError if something may have.
    """

    def __init__(self, gateway: str, *, times_as_long: int = 1) -> None:
        """Who takes longer by nature, with files for instance, is waited for several times as long."""
        self._gateway = gateway
        self._total_timeout_s = TOTAL_TIMEOUT_S * times_as_long
        self._pool = urllib3.PoolManager(num_pools=4, maxsize=_CONNECTIONS_MAX, retries=False)

    def send(self, method: str, url: str, headers: Mapping[str, str], body: bytes | str | None = None) -> Answer:
        """Send one request and return its answer, whatever its status. Never sends twice, follows no redirect."""
        deadline = time.monotonic() + self._total_timeout_s
        timeout = urllib3.Timeout(connect=CONNECT_TIMEOUT_S, total=self._total_timeout_s)
        try:
            response = self._pool.request(
                method, url, body=body, headers=headers, timeout=timeout, redirect=False, preload_content=False
            )
        except (NewConnectionError, ConnectTimeoutError, SSLError) as failure:
            raise GatewayUnavailableError(self._gateway, "no_connection", type(failure).__name__) from failure
        except (HTTPError, OSError) as failure:
            raise self._unknown(failure) from failure
        return self._read(response, deadline)

    # lint: allow float: a moment of the process's own clock
    def _read(self, response: urllib3.BaseHTTPResponse, deadline: float) -> Answer:
        # The read time-out is for each piece: without the deadline a trickling answer would hold a worker for ever.
        content = bytearray()
        try:
            while chunk := response.read1(_CHUNK_BYTES):
                content += chunk
                if time.monotonic() > deadline or len(content) > _ANSWER_MAX_BYTES:
                    response.close()
                    raise OutcomeUnknownError(self._gateway, "timeout", "the answer did not end")
        except (HTTPError, OSError) as failure:
            response.close()
            raise self._unknown(failure) from failure
        response.release_conn()
        return Answer(response.status, response.headers, bytes(content))

    def _unknown(self, failure: Exception) -> OutcomeUnknownError:
        timed_out = isinstance(failure, (ReadTimeoutError, TimeoutError))
        return OutcomeUnknownError(self._gateway, "timeout" if timed_out else "broken_answer", type(failure).__name__)


def raise_for_failure(gateway: str, status: int, code: str, retry_after: str | None = None) -> None:
    """Raise what a status means that is the same at every vendor; return for 2xx, 400, 402, 404, 409 and 422."""
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        wait_s = int(retry_after) if retry_after and retry_after.isdigit() else None
        raise GatewayUnavailableError(gateway, code or "rate_limit", retry_after_s=wait_s)
    if status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
        raise GatewayRefusedError(gateway, code or "credentials")
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        raise OutcomeUnknownError(gateway, code or f"http_{status}")
