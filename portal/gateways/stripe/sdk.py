"""The SDK on our own transport, with its errors sorted by what they mean for money.

The SDK's own clients report a refused connection and a broken answer as the same error, and retry by themselves;
both would hide whether a charge may exist (PAY-06).
"""

import logging
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any, cast

import stripe

from portal.gateways.errors import GatewayRefusedError, OutcomeUnknownError
from portal.gateways.http import Transport, raise_for_failure
from portal.gateways.stripe.config import NAME, StripeConfig
from portal.gateways.stripe.translate import Object

# Telemetry would report our timings with each call; nothing here needs it.
stripe.enable_telemetry = False
# At lower levels the SDK logs whole bodies, with client secrets and buyers' details.
logging.getLogger("stripe").setLevel(logging.WARNING)


class CardRefusedError(Exception):
    """Stripe said no to the card. `error` is Stripe's error object."""

    def __init__(self, error: Object) -> None:
        self.error = error
        super().__init__(str(error.get("code")))


class RequestRefusedError(GatewayRefusedError):
    """Stripe said no to the request. `param` is the parameter that it names."""

    def __init__(self, code: str, param: str | None, status: int) -> None:
        self.param = param
        self.status = status
        super().__init__(NAME, code, param or "")


class KeySpentError(GatewayRefusedError):
    """The idempotency key was used before with other parameters."""


class _HttpClient(stripe.HTTPClient):
    name = "urllib3"

    def __init__(self, transport: Transport) -> None:
        super().__init__()
        self._transport = transport

    def request(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str] | None,
        post_data: Any = None,
        *,
        _usage: list[str] | None = None,
    ) -> tuple[str, int, Mapping[str, str]]:
        answer = self._transport.send(method.upper(), url, headers or {}, post_data)
        return cast("str", answer.body), answer.status, answer.headers

    def close(self) -> None:
        """Connections close with the process."""


def client(config: StripeConfig) -> stripe.StripeClient:
    """A client that connects lazily, keeps connections, and never repeats a request by itself."""
    return stripe.StripeClient(
        config.secret_key,
        base_addresses={"api": config.api_base, "files": config.files_base},
        max_network_retries=0,
        http_client=_HttpClient(Transport(NAME)),
    )


def call(send: Callable[[], stripe.StripeObject | stripe.StripeResponse]) -> Object:
    """The answer as plain mappings. Raises the gateway errors, CardRefusedError for a card that was refused."""
    try:
        answer = send()
        response = answer.last_response if isinstance(answer, stripe.StripeObject) else answer
    except stripe.StripeError as failure:
        raise _sort(failure) from failure
    if response is None:
        raise OutcomeUnknownError(NAME, "broken_answer")
    return cast("Object", response.data)


def _sort(failure: stripe.StripeError) -> Exception:
    body = failure.json_body if isinstance(failure.json_body, Mapping) else {}
    error: Object = body.get("error") or {}
    code, status = str(error.get("code") or error.get("type") or ""), failure.http_status
    if status is None or not error:
        return OutcomeUnknownError(NAME, "broken_answer", type(failure).__name__)
    if isinstance(failure, stripe.CardError):
        return CardRefusedError(error)
    if status == HTTPStatus.CONFLICT:  # The first request with this key is still at work.
        return OutcomeUnknownError(NAME, code or "conflict")
    raise_for_failure(NAME, status, code, (failure.headers or {}).get("retry-after"))
    if isinstance(failure, stripe.IdempotencyError):
        return KeySpentError(NAME, "idempotency_key_spent")
    return RequestRefusedError(code, error.get("param"), status)
