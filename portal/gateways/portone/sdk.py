"""The SDK on our own transport, with its errors sorted by what they mean for money.

By itself it waits a minute for an answer, and reports a refused connection as httpx does (PAY-06).
"""

import json
import logging
from collections.abc import Callable
from functools import lru_cache
from http import HTTPStatus
from typing import Any, TypeVar

import httpx
from portone_server_sdk._portone_error import PortOneError
from portone_server_sdk.payment import PaymentClient

from portal.gateways.errors import GatewayRefusedError, OutcomeUnknownError
from portal.gateways.http import Transport, raise_for_failure
from portal.gateways.portone.config import NAME, PortOneConfig

# At INFO it writes the address of every call, which names the payment.
logging.getLogger("httpx").setLevel(logging.WARNING)

Found = TypeVar("Found")

# The company behind the channel said no: an answer like any other, though PortOne sends it as 502.
_FROM_COMPANY = "PG_PROVIDER"


class RequestRefusedError(GatewayRefusedError):
    """PortOne or the company behind the channel said no. `kind` is the name of the SDK's error."""

    def __init__(self, kind: str, code: str) -> None:
        self.kind = kind
        super().__init__(NAME, code)


class _OwnTransport(httpx.BaseTransport):
    def __init__(self) -> None:
        self._transport = Transport(NAME)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        headers = {name: value for name, value in request.headers.items() if name != "host"}
        answer = self._transport.send(request.method, str(request.url), headers, request.read() or None)
        kind = _kind(answer.body)
        if kind != _FROM_COMPANY:
            raise_for_failure(NAME, answer.status, kind or "", answer.headers.get("retry-after"))
        if kind is None and answer.status != HTTPStatus.OK:
            raise OutcomeUnknownError(NAME, "broken_answer", str(answer.status))
        return httpx.Response(answer.status, content=answer.body, request=request)


def _kind(body: bytes) -> str | None:
    """The type that PortOne gives its errors."""
    try:
        found = json.loads(body)
    except ValueError:
        return None
    kind = found.get("type") if isinstance(found, dict) else None
    return kind if isinstance(kind, str) else None


def client(config: PortOneConfig) -> PaymentClient:
    """A client that connects lazily, keeps connections, and never repeats a request by itself."""
    return _client(config.api_secret, config.api_base, config.store_id)


@lru_cache(maxsize=8)
def _client(secret: str, api_base: str, store_id: str) -> PaymentClient:
    # One for all who have these settings: the SDK's own clients, which are not used, read all certificates each time.
    made = PaymentClient(secret=secret, base_url=api_base, store_id=store_id)
    # The SDK has no place for a transport, and a minute is its own patience.
    own = httpx.Client(transport=_OwnTransport())
    made._sync_client = own  # noqa: SLF001  # See above.
    made.cash_receipt._sync_client = own  # noqa: SLF001  # See above.
    return made


def call(send: Callable[[], Found]) -> Found:
    """The answer of one call. Raises the gateway errors."""
    try:
        return send()
    except PortOneError as failure:
        raise _sort(failure) from failure
    except (ValueError, KeyError, TypeError, httpx.HTTPError) as failure:
        raise OutcomeUnknownError(NAME, "broken_answer", type(failure).__name__) from failure


def _sort(failure: PortOneError) -> Exception:
    kind = type(failure).__name__.removesuffix("Error")
    code: Any = getattr(failure, "pg_code", None)
    if kind == "Unknown":
        given: Any = getattr(failure, "error", None)
        code = given.get("type") if isinstance(given, dict) else None
    return RequestRefusedError(kind, str(code or kind))
