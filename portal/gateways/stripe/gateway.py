"""Stripe as a gateway. The SDK is loaded with the first call: pages and notices of a web process can do without it."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from portal.gateways.base import (
    Approved,
    Capabilities,
    ChargeOutcome,
    ChargeRequest,
    Declined,
    ElementConfig,
    FetchOutcome,
    FetchRefundOutcome,
    RefundOutcome,
    RefundRequest,
    SaveMethodRequest,
    SaveOutcome,
    VoidOutcome,
    WebhookEvent,
)
from portal.gateways.disputes import DisputeNotice, Evidence, Papers
from portal.gateways.settlement import Movement
from portal.gateways.stripe.capabilities import CAPABILITIES
from portal.gateways.stripe.config import NAME, StripeConfig

if TYPE_CHECKING:
    from portal.gateways.stripe.calls import Calls

_OWN_SCRIPT_HOST = "js.stripe.com"
# docs.stripe.com/security/guide#content-security-policy
_OWN_ORIGINS = {
    "script_origins": ("https://js.stripe.com", "https://*.js.stripe.com"),
    "frame_origins": ("https://js.stripe.com", "https://*.js.stripe.com", "https://hooks.stripe.com"),
    "connect_origins": ("https://api.stripe.com",),
}


class StripeGateway:
    """Cards through PaymentIntents that the server confirms with the element's token (STR-01)."""

    def __init__(self, config: StripeConfig) -> None:
        self._config = config

    def __repr__(self) -> str:
        return f"StripeGateway({self._config!r})"

    @cached_property
    def _calls(self) -> "Calls":
        from portal.gateways.stripe.calls import Calls

        return Calls(self._config)

    @property
    def name(self) -> str:
        return NAME

    @property
    def capabilities(self) -> Capabilities:
        return CAPABILITIES

    @cached_property
    def element(self) -> ElementConfig:
        script = urlsplit(self._config.js_url)
        own = (f"{script.scheme}://{script.netloc}",)
        known = script.hostname == _OWN_SCRIPT_HOST
        origins = _OWN_ORIGINS if known else dict.fromkeys(_OWN_ORIGINS, own)
        return ElementConfig(self._config.publishable_key, self._config.js_url, **origins)

    def charge(self, request: ChargeRequest) -> ChargeOutcome:
        return self._calls.charge(request)

    def capture(self, *, op_key: str, gateway_ref: str, amount_minor: int, currency: str) -> Approved | Declined:
        return self._calls.capture(op_key, gateway_ref, amount_minor, currency)

    def void(self, *, op_key: str, gateway_ref: str) -> VoidOutcome:
        return self._calls.void(op_key, gateway_ref)

    def refund(self, request: RefundRequest) -> RefundOutcome:
        return self._calls.refund(request)

    def fetch(
        self, *, op_key: str, gateway_ref: str | None = None, created_after: datetime | None = None
    ) -> FetchOutcome:
        return self._calls.fetch(op_key, gateway_ref, created_after)

    def fetch_refund(self, *, op_key: str, gateway_ref: str, refund_ref: str | None = None) -> FetchRefundOutcome:
        return self._calls.fetch_refund(op_key, gateway_ref, refund_ref)

    def save_method(self, request: SaveMethodRequest) -> SaveOutcome:
        return self._calls.save_method(request)

    def fetch_saved(self, *, gateway_ref: str) -> SaveOutcome:
        return self._calls.fetch_saved(gateway_ref)

    def remove_method(self, *, method_ref: str) -> None:
        self._calls.remove_method(method_ref)

    def verify_and_parse_webhook(self, headers: Mapping[str, str], raw_body: bytes, now: datetime) -> WebhookEvent:
        from portal.gateways.stripe.webhooks import parse

        return parse(headers, raw_body, self._config.webhook_secrets, now)

    def fetch_dispute(self, *, dispute_ref: str, now: datetime) -> DisputeNotice:
        return self._calls.fetch_dispute(dispute_ref, now)

    def list_disputes(self, *, since: datetime, now: datetime) -> Iterator[DisputeNotice]:
        return self._calls.list_disputes(since, now)

    def send_evidence(
        self, *, op_key: str, dispute_ref: str, evidence: Evidence, papers: Papers, now: datetime
    ) -> DisputeNotice:
        return self._calls.send_evidence(op_key, dispute_ref, evidence, papers, now)

    def accept_dispute(self, *, op_key: str, dispute_ref: str, now: datetime) -> DisputeNotice:
        return self._calls.accept_dispute(op_key, dispute_ref, now)

    def check(self) -> None:
        self._calls.check()

    def movements(self, *, since: datetime, until: datetime) -> Iterator[Movement]:
        return self._calls.movements(since, until)
