"""PortOne as a gateway. The SDK is loaded with the first call: pages and notices of a web process can do without it."""

from collections.abc import Mapping
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING

from portal.gateways.base import (
    Capabilities,
    CaptureOutcome,
    ChargeOutcome,
    ChargeRequest,
    FetchOutcome,
    FetchRefundOutcome,
    RefundOutcome,
    RefundRequest,
    SaveMethodRequest,
    SaveOutcome,
    VoidOutcome,
    WebhookEvent,
)
from portal.gateways.errors import GatewayRefusedError
from portal.gateways.portone.capabilities import CAPABILITIES
from portal.gateways.portone.config import NAME, PortOneConfig
from portal.gateways.portone.webhooks import parse
from portal.gateways.receipts import ReceiptOutcome, ReceiptRequest

if TYPE_CHECKING:
    from portal.gateways.portone.calls import Calls


class PortOneGateway:
    """Korean ways of paying, in PortOne's window or into an account. It takes at once, and saves no methods."""

    element = None

    def __init__(self, config: PortOneConfig) -> None:
        self._config = config

    def __repr__(self) -> str:
        return f"PortOneGateway({self._config!r})"

    @cached_property
    def _calls(self) -> "Calls":
        from portal.gateways.portone.calls import Calls

        return Calls(self._config)

    @property
    def name(self) -> str:
        return NAME

    @property
    def capabilities(self) -> Capabilities:
        return CAPABILITIES

    def charge(self, request: ChargeRequest) -> ChargeOutcome:
        return self._calls.charge(request)

    def capture(self, *, op_key: str, gateway_ref: str, amount_minor: int, currency: str) -> CaptureOutcome:
        raise GatewayRefusedError(NAME, "not_supported", "capture")

    def void(self, *, op_key: str, gateway_ref: str) -> VoidOutcome:
        return self._calls.void(op_key, gateway_ref)

    def refund(self, request: RefundRequest) -> RefundOutcome:
        return self._calls.refund(request)

    def fetch(
        self, *, op_key: str, gateway_ref: str | None = None, created_after: datetime | None = None
    ) -> FetchOutcome:
        del created_after
        return self._calls.fetch(op_key, gateway_ref)

    def fetch_refund(self, *, op_key: str, gateway_ref: str, refund_ref: str | None = None) -> FetchRefundOutcome:
        return self._calls.fetch_refund(op_key, gateway_ref, refund_ref)

    def issue_receipt(self, request: ReceiptRequest) -> ReceiptOutcome:
        from portal.gateways.portone.receipts import issue

        return issue(self._calls.client, self._config, request)

    def cancel_receipt(self, *, key: str) -> ReceiptOutcome:
        from portal.gateways.portone.receipts import cancel

        return cancel(self._calls.client, key)

    def save_method(self, request: SaveMethodRequest) -> SaveOutcome:
        raise GatewayRefusedError(NAME, "not_supported", "save_method")

    def fetch_saved(self, *, gateway_ref: str) -> SaveOutcome:
        raise GatewayRefusedError(NAME, "not_supported", "fetch_saved")

    def remove_method(self, *, method_ref: str) -> None:
        raise GatewayRefusedError(NAME, "not_supported", "remove_method")

    def verify_and_parse_webhook(self, headers: Mapping[str, str], raw_body: bytes, now: datetime) -> WebhookEvent:
        return parse(headers, raw_body, self._config.webhook_secrets, now)

    def check(self) -> None:
        self._calls.check()
