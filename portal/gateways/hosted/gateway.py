"""Paylink over JSON. Each operation carries our key as its `reference`, which Paylink keeps for ever."""

import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from http import HTTPStatus
from typing import Any
from urllib.parse import quote, urlencode

from portal.gateways.base import (
    Approved,
    Capabilities,
    ChargeOutcome,
    ChargeRequest,
    Declined,
    FetchOutcome,
    FetchRefundOutcome,
    NotFound,
    RefundFailed,
    RefundOutcome,
    RefundRequest,
    SaveMethodRequest,
    SaveOutcome,
    Voided,
    VoidOutcome,
    WebhookEvent,
)
from portal.gateways.errors import GatewayRefusedError, OutcomeUnknownError
from portal.gateways.hosted import translate
from portal.gateways.hosted.capabilities import CAPABILITIES
from portal.gateways.hosted.config import NAME, PaylinkConfig
from portal.gateways.hosted.webhooks import parse
from portal.gateways.http import Transport, raise_for_failure
from portal.gateways.settlement import Movement


class _RefusedError(GatewayRefusedError):
    """Paylink's own no, with its status and code."""

    def __init__(self, status: int, code: str) -> None:
        self.status = status
        super().__init__(NAME, code)


class PaylinkGateway:
    """Payments on the vendor's page. It saves no methods: `save_method` and its kin are refused."""

    element = None

    def __init__(self, config: PaylinkConfig) -> None:
        self._config = config
        self._transport = Transport(NAME)
        self._headers = {"Authorization": f"Bearer {config.secret_key}", "Content-Type": "application/json"}

    def __repr__(self) -> str:
        return f"PaylinkGateway({self._config!r})"

    @property
    def name(self) -> str:
        return NAME

    @property
    def capabilities(self) -> Capabilities:
        return CAPABILITIES

    def charge(self, request: ChargeRequest) -> ChargeOutcome:
        session = self._send(
            "POST",
            "/v1/sessions",
            {
                "reference": request.op_key,
                "amount": request.amount_minor,
                "currency": request.currency,
                "method": request.method.value,
                "description": request.description,
                "order": request.order_number,
                "return_url": request.return_url,
                "capture": request.capture,
                "locale": request.locale,
                "metadata": dict(request.metadata),
            },
        )
        outcome = self._payment(session)
        if isinstance(outcome, Voided):
            return translate.declined("session_expired", outcome.gateway_ref)
        return outcome

    def capture(self, *, op_key: str, gateway_ref: str, amount_minor: int, currency: str) -> Approved | Declined:
        body = {"reference": op_key, "amount": amount_minor, "currency": currency}
        outcome = self._payment(self._send("POST", f"/v1/sessions/{quote(gateway_ref, safe='')}/capture", body))
        if isinstance(outcome, (Approved, Declined)):
            return outcome
        return translate.declined("session_expired", gateway_ref)

    def void(self, *, op_key: str, gateway_ref: str) -> VoidOutcome:
        path = f"/v1/sessions/{quote(gateway_ref, safe='')}/void"
        outcome = self._payment(self._send("POST", path, {"reference": op_key}))
        if isinstance(outcome, Approved):
            return outcome
        # A declined session holds no money and cannot be paid any more, which is all that a void asks for.
        return Voided(gateway_ref)

    def refund(self, request: RefundRequest) -> RefundOutcome:
        body = {
            "reference": request.op_key,
            "amount": request.amount_minor,
            "currency": request.currency,
            "reason": request.reason,
        }
        path = f"/v1/sessions/{quote(request.gateway_ref, safe='')}/refunds"
        try:
            return translate.refund(self._send("POST", path, body))
        except _RefusedError as refusal:
            if refusal.code == "over_cap":
                return RefundFailed(refusal.code, over_cap=True)
            raise

    def fetch(
        self, *, op_key: str, gateway_ref: str | None = None, created_after: datetime | None = None
    ) -> FetchOutcome:
        # NotFound is final without more ado: only the buyer can pay a session, and nobody was sent to this one.
        del created_after
        found = self._session(quote(gateway_ref, safe="")) if gateway_ref is not None else None
        if gateway_ref is None or (op_key and found is not None and found.get("reference") != op_key):
            # Without a reference, or with that of another order's session, our own key leads to it.
            found = self._session(f"by-reference/{quote(op_key, safe='')}")
        return NotFound() if found is None else self._payment(found)

    def _session(self, name: str) -> translate.Object | None:
        try:
            return self._send("GET", f"/v1/sessions/{name}")
        except _RefusedError as refusal:
            if refusal.status == HTTPStatus.NOT_FOUND:
                return None
            raise

    def fetch_refund(self, *, op_key: str, gateway_ref: str, refund_ref: str | None = None) -> FetchRefundOutcome:
        del gateway_ref
        name = quote(refund_ref, safe="") if refund_ref else f"by-reference/{quote(op_key, safe='')}"
        try:
            return translate.refund(self._send("GET", f"/v1/refunds/{name}"))
        except _RefusedError as refusal:
            if refusal.status == HTTPStatus.NOT_FOUND:
                return NotFound()
            raise

    def save_method(self, request: SaveMethodRequest) -> SaveOutcome:
        raise GatewayRefusedError(NAME, "not_supported", "save_method")

    def fetch_saved(self, *, gateway_ref: str) -> SaveOutcome:
        raise GatewayRefusedError(NAME, "not_supported", "fetch_saved")

    def remove_method(self, *, method_ref: str) -> None:
        raise GatewayRefusedError(NAME, "not_supported", "remove_method")

    def verify_and_parse_webhook(self, headers: Mapping[str, str], raw_body: bytes, now: datetime) -> WebhookEvent:
        return parse(headers, raw_body, self._config.webhook_secrets, now)

    def check(self) -> None:
        self._send("GET", "/v1/account")

    def movements(self, *, since: datetime, until: datetime) -> Iterator[Movement]:
        query = urlencode({"from": since.isoformat(), "to": until.isoformat()})
        after = ""
        while True:
            page = self._send("GET", f"/v1/settlements?{query}&after={quote(after, safe='')}")
            try:
                yield from map(translate.movement, page["rows"])
                after = page["next"]
            except (KeyError, TypeError, ValueError) as failure:
                raise OutcomeUnknownError(NAME, "broken_answer", type(failure).__name__) from failure
            if not after:
                return

    def _payment(self, session: translate.Object) -> ChargeOutcome | Voided:
        try:
            return translate.payment(session)
        except (KeyError, TypeError, ValueError) as failure:
            raise OutcomeUnknownError(NAME, "broken_answer", type(failure).__name__) from failure

    def _send(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> translate.Object:
        content = json.dumps(body) if body is not None else None
        answer = self._transport.send(method, f"{self._config.api_base}/paylink{path}", self._headers, content)
        try:
            parsed = json.loads(answer.body)
            code = "" if answer.status < HTTPStatus.BAD_REQUEST else str(parsed["error"]["code"])
        except (ValueError, KeyError, TypeError) as failure:
            raise_for_failure(NAME, answer.status, "", answer.headers.get("retry-after"))
            raise OutcomeUnknownError(NAME, "broken_answer") from failure
        if not code:
            found: translate.Object = parsed
            return found
        raise_for_failure(NAME, answer.status, code, answer.headers.get("retry-after"))
        raise _RefusedError(answer.status, code)
