"""The house's own invoice: approves at once, and what it has taken is a claim on the buyer (PAY-17).

It speaks to nobody and keeps nothing: who may buy so, and how much, is decided before it is asked, and the claim lives
in the books. So the same call gives the same answer for ever, and what it was not asked to the end never happened.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta

from portal.gateways.base import (
    Approved,
    Capabilities,
    ChargeRequest,
    Gateway,
    NotFound,
    Refunded,
    RefundRequest,
    SaveMethodRequest,
    SaveOutcome,
    Voided,
    WebhookEvent,
)
from portal.gateways.capabilities import Flow, Limit, Method, MethodCapability
from portal.gateways.connector import Connector, read
from portal.gateways.errors import GatewayRefusedError, WebhookRefusedError

NAME = "invoice"
_MOST = 10**12
_LIMITS = {currency: Limit(1, _MOST) for currency in ("KRW", "USD", "EUR", "GBP", "JPY", "KWD")}
_CAPABILITIES = Capabilities(
    methods=(MethodCapability(method=Method.INVOICE, flow=Flow.NOTICE, limits=_LIMITS, capture_later=True),),
    key_lifetime=timedelta(days=36_500),
)


class InvoiceGateway:
    """A claim on the buyer instead of money."""

    element = None

    @property
    def name(self) -> str:
        return NAME

    @property
    def capabilities(self) -> Capabilities:
        return _CAPABILITIES

    def charge(self, request: ChargeRequest) -> Approved:
        return Approved(f"claim_{request.op_key}", request.capture, request.amount_minor, request.currency)

    def capture(self, *, op_key: str, gateway_ref: str, amount_minor: int, currency: str) -> Approved:
        del op_key
        return Approved(gateway_ref, True, amount_minor, currency)

    def void(self, *, op_key: str, gateway_ref: str) -> Voided:
        del op_key
        return Voided(gateway_ref)

    def refund(self, request: RefundRequest) -> Refunded:
        return Refunded(f"lowered_{request.op_key}", request.amount_minor, request.currency)

    def fetch(self, *, op_key: str, gateway_ref: str | None = None, created_after: datetime | None = None) -> NotFound:
        """Nothing is kept here: a charge that was not settled did not happen, and one that comes late goes back."""
        del op_key, gateway_ref, created_after
        return NotFound()

    def fetch_refund(self, *, op_key: str, gateway_ref: str, refund_ref: str | None = None) -> NotFound:
        """As `fetch`: the refund is sent again and gets the same answer."""
        del op_key, gateway_ref, refund_ref
        return NotFound()

    def save_method(self, request: SaveMethodRequest) -> SaveOutcome:
        raise GatewayRefusedError(NAME, "not_supported", "save_method")

    def fetch_saved(self, *, gateway_ref: str) -> SaveOutcome:
        raise GatewayRefusedError(NAME, "not_supported", "fetch_saved")

    def remove_method(self, *, method_ref: str) -> None:
        raise GatewayRefusedError(NAME, "not_supported", "remove_method")

    def verify_and_parse_webhook(self, headers: Mapping[str, str], raw_body: bytes, now: datetime) -> WebhookEvent:
        """Nobody speaks for the house."""
        raise WebhookRefusedError("unsigned")

    def check(self) -> None:
        """It is always there."""


def _build(given: Mapping[str, str]) -> Gateway:
    read(NAME, (), given)
    return InvoiceGateway()


INVOICE = Connector(name=NAME, title="Invoice of the house", settings=(), build=_build)
