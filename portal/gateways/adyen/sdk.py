"""The SDK on our own transport, with answers sorted by what they mean for money.

The SDK's own clients wait 30 s, open a connection for each call, and report a refused connection and a broken answer as
whatever their library raises. Ours sorts before the SDK sees an error (PAY-06).
"""

import json
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any

from Adyen import AdyenClient
from Adyen.services.checkout import AdyenCheckoutApi
from Adyen.services.disputes.disputes_api import DisputesApi

from portal.gateways.adyen.config import API_VERSION, DISPUTES_VERSION, NAME, AdyenConfig
from portal.gateways.adyen.translate import Object
from portal.gateways.errors import GatewayRefusedError, OutcomeUnknownError
from portal.gateways.http import Transport, raise_for_failure

_IN_PROGRESS = "704"  # "request already processed or in progress"
_GONE = "800"  # "Contract not found"
_FILES_TAKE_TIMES = 5
_KEY_MAX = 64  # The longest idempotency key.


class RequestRefusedError(GatewayRefusedError):
    """Adyen said no to the request."""

    @property
    def is_gone(self) -> bool:
        """What the request names does not exist (any more)."""
        return self.code == _GONE


class _HttpClient:
    user_agent = "portal"

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def request(
        self, method: str, url: str, *, json: Any, xapikey: str, headers: Mapping[str, str]
    ) -> tuple[str, Any, int, Mapping[str, str]]:
        """The shape that the SDK expects. Raises the gateway errors instead of returning a failure."""
        content = _dumps(json) if json is not None else None
        sent = {**headers, "x-api-key": xapikey, "content-type": "application/json"}
        answer = self._transport.send(method, url, sent, content)
        if answer.status >= HTTPStatus.BAD_REQUEST:
            raise _sort(answer.status, answer.body, answer.headers.get("retry-after"))
        return answer.body.decode("utf-8", "replace"), json, answer.status, answer.headers


def _dumps(content: object) -> str:
    return json.dumps(content, separators=(",", ":"), ensure_ascii=False)


def _sort(status: int, body: bytes, retry_after: str | None) -> Exception:
    try:
        code = str(json.loads(body).get("errorCode") or "")
    except (ValueError, AttributeError):
        code = ""
    if status == HTTPStatus.CONFLICT or code == _IN_PROGRESS:
        return OutcomeUnknownError(NAME, code or "conflict")
    raise_for_failure(NAME, status, code, retry_after)
    return RequestRefusedError(NAME, code or f"http_{status}")


def client(config: AdyenConfig) -> AdyenCheckoutApi:
    """The Checkout API. It connects lazily, keeps connections, and never repeats a request by itself."""
    checkout = AdyenCheckoutApi(client=_connection(config))
    for api in (checkout.payments_api, checkout.modifications_api, checkout.recurring_api):
        api.baseUrl = f"{config.api_base}/{API_VERSION}"
    return checkout


def disputes_client(config: AdyenConfig) -> DisputesApi:
    """The Disputes API, as `client`. It takes files, so it may take longer."""
    disputes = DisputesApi(client=_connection(config, times_as_long=_FILES_TAKE_TIMES))
    disputes.baseUrl = f"{config.disputes_base}/{DISPUTES_VERSION}"
    return disputes


def _connection(config: AdyenConfig, times_as_long: int = 1) -> AdyenClient:
    connection = AdyenClient(
        xapikey=config.api_key,
        platform="live" if config.live_prefix else "test",
        live_endpoint_prefix=config.live_prefix,
    )
    connection.http_client = _HttpClient(Transport(NAME, times_as_long=times_as_long))
    connection.http_init = True
    return connection


def call(send: Callable[[], Any]) -> Object:
    """The answer as a plain mapping. Raises the gateway errors."""
    found = send().message
    if not isinstance(found, Mapping):
        raise OutcomeUnknownError(NAME, "broken_answer")
    return found


def key_of(op_key: str) -> str:
    """Our key as Adyen's, which is shorter than some."""
    if len(op_key) <= _KEY_MAX:
        return op_key
    from hashlib import sha256

    return sha256(op_key.encode()).hexdigest()
