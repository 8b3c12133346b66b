"""How a test plays the buyer at each vendor. A new gateway needs a driver here and nothing else in this folder."""

import base64
import itertools
import json
import time
import uuid
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import ClassVar, Literal, Protocol
from urllib.parse import parse_qsl, urlsplit

from portal.gateways.base import (
    ActionNeeded,
    ChargeOutcome,
    ChargeRequest,
    DeclineReason,
    FetchOutcome,
    FetchRefundOutcome,
    Gateway,
    Method,
    OnRecord,
    Pending,
    RefundOutcome,
    RefundPending,
    RefundRequest,
    TellingGateway,
    WebhookEvent,
    WebhookRefusedError,
)
from portal.gateways.registry import build, settings_from
from tests.contract.receiver import Receiver
from tests.sandbox_server import Sandbox, adyen_card, free_port

How = Literal["approve", "decline", "action"]
_numbers = itertools.count(1)


class Driver(Protocol):
    """One gateway with its buyer. `last4` is of the card that is approved; `has_stamps`: its notices are dated.

    `holds`: an amount can be held and taken later; `tells_amounts`: its notices say more than that there is news;
    `shows_unopened`: a payment is known to it before the buyer has come.
    """

    sandbox: Sandbox
    gateway: Gateway
    last4: str
    has_stamps: bool
    holds: bool
    tells_amounts: bool
    shows_unopened: bool

    def request(
        self, how: How = "approve", *, amount_minor: int = 12_345, currency: str = "USD", capture: bool = True
    ) -> ChargeRequest: ...

    def decline(self, reason: DeclineReason) -> ChargeRequest: ...

    def finish(self, request: ChargeRequest, outcome: ChargeOutcome, *, passed: bool = True) -> FetchOutcome: ...

    def unreachable(self) -> Gateway: ...

    def look_up(self, op_key: str, gateway_ref: str) -> FetchOutcome:
        """What became of a charge, once the vendor has said all that it has to say."""

    def ended(self, outcome: FetchOutcome, op_key: str, gateway_ref: str) -> FetchOutcome:
        """What became of a capture or void."""

    def refund(self, request: RefundRequest) -> FetchRefundOutcome:
        """Send a refund, and what became of it."""

    def look_up_refund(self, request: RefundRequest, refund_ref: str | None = None) -> FetchRefundOutcome: ...


class _Driver:
    name: str
    last4 = "4242"
    has_stamps = True
    holds = True
    tells_amounts = True
    shows_unopened = True

    def __init__(self, sandbox: Sandbox, receiver: Receiver | None = None) -> None:
        self.sandbox = sandbox
        self.receiver = receiver
        self.gateway = build(self.name, settings_from(sandbox.environ, self.name))

    def unreachable(self) -> Gateway:
        """The same gateway at an address where nobody listens."""
        base = f"{self.name.upper()}_API_BASE"
        nowhere = {**self.sandbox.environ, base: f"http://127.0.0.1:{free_port()}"}
        return build(self.name, settings_from(nowhere, self.name))

    def look_up(self, op_key: str, gateway_ref: str) -> FetchOutcome:
        return self.gateway.fetch(op_key=op_key, gateway_ref=gateway_ref)

    def ended(self, outcome: FetchOutcome, op_key: str, gateway_ref: str) -> FetchOutcome:
        return self.look_up(op_key, gateway_ref) if isinstance(outcome, Pending) else outcome

    def refund(self, request: RefundRequest) -> FetchRefundOutcome:
        outcome: RefundOutcome = self.gateway.refund(request)
        return self.look_up_refund(request, outcome.refund_ref) if isinstance(outcome, RefundPending) else outcome

    def look_up_refund(self, request: RefundRequest, refund_ref: str | None = None) -> FetchRefundOutcome:
        return self.gateway.fetch_refund(op_key=request.op_key, gateway_ref=request.gateway_ref, refund_ref=refund_ref)

    def _request(self, amount_minor: int, currency: str, *, capture: bool) -> ChargeRequest:
        key = uuid.uuid4().hex
        return ChargeRequest(
            op_key=f"op-{key}",
            amount_minor=amount_minor,
            currency=currency,
            method=Method.CREDIT_CARD,
            description="Two things of two sellers",
            order_number=f"T-{next(_numbers)}-{key[:8]}",
            return_url="http://127.0.0.1/orders/1",
            capture=capture,
            metadata={"attempt": key},
        )


class StripeDriver(_Driver):
    name = "stripe"
    CARDS: ClassVar = {"approve": "4242424242424242", "decline": "4000000000000002", "action": "4000000000003220"}
    DECLINES: ClassVar = {
        DeclineReason.DECLINED: "4000000000000002",
        DeclineReason.INSUFFICIENT_FUNDS: "4000000000009995",
        DeclineReason.LIMIT_EXCEEDED: "4000000000006975",
        DeclineReason.LOST_CARD: "4000000000009987",
        DeclineReason.SUSPECTED_FRAUD: "4100000000000019",
        DeclineReason.EXPIRED_CARD: "4000000000000069",
    }

    def request(
        self, how: How = "approve", *, amount_minor: int = 12_345, currency: str = "USD", capture: bool = True
    ) -> ChargeRequest:
        token = self.sandbox.card(self.CARDS[how])
        return replace(self._request(amount_minor, currency, capture=capture), source_token=token)

    def decline(self, reason: DeclineReason) -> ChargeRequest:
        return replace(self.request(), source_token=self.sandbox.card(self.DECLINES[reason]))

    def finish(self, request: ChargeRequest, outcome: ChargeOutcome, *, passed: bool = True) -> FetchOutcome:
        if not isinstance(outcome, ActionNeeded):
            return outcome
        self.sandbox.authenticate(outcome.gateway_ref, passed=passed)
        return self.gateway.fetch(op_key=request.op_key, gateway_ref=outcome.gateway_ref)


class PaylinkDriver(_Driver):
    name = "paylink"

    def __init__(self, sandbox: Sandbox, receiver: Receiver | None = None) -> None:
        super().__init__(sandbox, receiver)
        self._reasons: dict[str, str] = {}

    def request(
        self, how: How = "approve", *, amount_minor: int = 12_345, currency: str = "USD", capture: bool = True
    ) -> ChargeRequest:
        request = self._request(amount_minor, currency, capture=capture)
        if how == "decline":
            self._reasons[request.op_key] = "declined"
        return request

    def decline(self, reason: DeclineReason) -> ChargeRequest:
        request = self.request()
        self._reasons[request.op_key] = reason.value
        return request

    def finish(self, request: ChargeRequest, outcome: ChargeOutcome, *, passed: bool = True) -> FetchOutcome:
        if not isinstance(outcome, ActionNeeded):
            return outcome
        assert outcome.url is not None
        reason = self._reasons.get(request.op_key) or ("" if passed else "authentication_failed")
        back = self.sandbox.pay(outcome.url, "decline" if reason else "approve", reason=reason)
        assert back.headers["location"].startswith(request.return_url)
        return self.gateway.fetch(op_key=request.op_key, gateway_ref=outcome.gateway_ref)


class AdyenDriver(_Driver):
    """Adyen is not asked: the driver gives the connector the notices that came, as the portal does."""

    name = "adyen"
    last4 = "1111"
    has_stamps = False
    DECLINES: ClassVar = {
        DeclineReason.DECLINED: "DECLINED",
        DeclineReason.INSUFFICIENT_FUNDS: "NOT_ENOUGH_BALANCE",
        DeclineReason.LIMIT_EXCEEDED: "WITHDRAWAL_AMOUNT_EXCEEDED",
        DeclineReason.LOST_CARD: "BLOCK_CARD",
        DeclineReason.SUSPECTED_FRAUD: "FRAUD",
        DeclineReason.EXPIRED_CARD: "CARD_EXPIRED",
    }

    def request(
        self, how: How = "approve", *, amount_minor: int = 12_345, currency: str = "USD", capture: bool = True
    ) -> ChargeRequest:
        number = "4212345678910006" if how == "action" else "4111111111111111"
        token = self.token(number, "DECLINED" if how == "decline" else "J. Smith")
        return replace(self._request(amount_minor, currency, capture=capture), source_token=token)

    def decline(self, reason: DeclineReason) -> ChargeRequest:
        token = self.token("4111111111111111", self.DECLINES[reason])
        return replace(self.request(), source_token=token)

    @staticmethod
    def token(number: str, holder: str = "J. Smith") -> str:
        """What the page's script makes of Adyen's fields."""
        content = json.dumps({"paymentMethod": adyen_card(number, holder)})
        return base64.urlsafe_b64encode(content.encode()).decode().rstrip("=")

    def finish(
        self, request: ChargeRequest, outcome: ChargeOutcome, *, passed: bool = True, do: str | None = None
    ) -> FetchOutcome:
        if not isinstance(outcome, ActionNeeded):
            return outcome
        assert outcome.url is not None
        location = self.sandbox.pay(outcome.url, do or ("approve" if passed else "fail")).headers["location"]
        returned = dict(parse_qsl(urlsplit(location).query))
        return self.conclude(request.op_key, outcome.gateway_ref, returned)

    def look_up(self, op_key: str, gateway_ref: str) -> FetchOutcome:
        return self.conclude(op_key, gateway_ref, {})

    def conclude(self, op_key: str, gateway_ref: str, returned: Mapping[str, str]) -> FetchOutcome:
        record = replace(self.record(op_key, gateway_ref), returned=returned)
        return self.telling.conclude(op_key=op_key, gateway_ref=gateway_ref, record=record)

    def look_up_refund(self, request: RefundRequest, refund_ref: str | None = None) -> FetchRefundOutcome:
        return self.telling.conclude_refund(
            op_key=request.op_key,
            gateway_ref=request.gateway_ref,
            refund_ref=refund_ref,
            record=self.record(request.op_key, request.gateway_ref),
        )

    @property
    def telling(self) -> TellingGateway:
        assert isinstance(self.gateway, TellingGateway)
        return self.gateway

    def record(self, op_key: str, gateway_ref: str) -> OnRecord:
        """What came about a payment, once nothing is on its way any more."""
        now = datetime.now(tz=UTC)
        return OnRecord(now=now, sent_at=now, notices=tuple(self._told(op_key, gateway_ref)))

    def _told(self, *needles: str) -> list[WebhookEvent]:
        if self.receiver is None:
            return []
        deadline = time.monotonic() + 15
        while any(each["state"] == "due" for each in self.sandbox.state()["deliveries"] if each["vendor"] == self.name):
            assert time.monotonic() < deadline, "a notice does not arrive"
            with self.receiver.arrived:
                self.receiver.arrived.wait(0.05)
        found = []
        for headers, body in list(self.receiver.notices):
            if not any(needle and needle.encode() in body for needle in needles):
                continue
            try:
                found.append(self.gateway.verify_and_parse_webhook(headers, body, datetime.now(tz=UTC)))
            except WebhookRefusedError:
                continue  # Another vendor's, or a spoiled one.
        return found


class PortOneDriver(_Driver):
    """PortOne is asked after each notice: the notice names the payment and says no more."""

    name = "portone"
    holds = False
    tells_amounts = False
    shows_unopened = False
    DECLINES: ClassVar = {
        DeclineReason.DECLINED: "REJECT_CARD_COMPANY",
        DeclineReason.INSUFFICIENT_FUNDS: "REJECT_ACCOUNT_PAYMENT",
        DeclineReason.LIMIT_EXCEEDED: "EXCEED_MAX_PAYMENT_AMOUNT",
        DeclineReason.LOST_CARD: "INVALID_CARD_LOST_OR_STOLEN",
        DeclineReason.SUSPECTED_FRAUD: "FDS_ERROR",
        DeclineReason.EXPIRED_CARD: "INVALID_CARD_EXPIRATION",
    }

    def __init__(self, sandbox: Sandbox, receiver: Receiver | None = None) -> None:
        super().__init__(sandbox, receiver)
        self._reasons: dict[str, str] = {}

    def request(
        self, how: How = "approve", *, amount_minor: int = 12_345, currency: str = "USD", capture: bool = True
    ) -> ChargeRequest:
        request = self._request(amount_minor, currency, capture=capture)
        # Before the window is open nothing but the id says which order it is.
        request = replace(request, op_key=f"{request.order_number}.{request.op_key}")
        if how == "decline":
            self._reasons[request.op_key] = "REJECT_CARD_COMPANY"
        return request

    def decline(self, reason: DeclineReason) -> ChargeRequest:
        request = self.request()
        self._reasons[request.op_key] = self.DECLINES[reason]
        return request

    def finish(self, request: ChargeRequest, outcome: ChargeOutcome, *, passed: bool = True) -> FetchOutcome:
        if not isinstance(outcome, ActionNeeded):
            return outcome
        assert outcome.url is not None
        reason = self._reasons.get(request.op_key) or ("" if passed else "INVALID_PASSWORD")
        back = self.sandbox.pay(outcome.url, "decline" if reason else "approve", reason=reason)
        assert back.headers["location"].startswith(request.return_url)
        return self.gateway.fetch(op_key=request.op_key, gateway_ref=outcome.gateway_ref)


DRIVERS: dict[str, type[StripeDriver] | type[PaylinkDriver] | type[AdyenDriver] | type[PortOneDriver]] = {
    "stripe": StripeDriver,
    "paylink": PaylinkDriver,
    "adyen": AdyenDriver,
    "portone": PortOneDriver,
}
