"""Every call to Stripe. Each POST carries a key made from ours, so that sending it again changes nothing."""

from collections.abc import Callable, Iterator
from datetime import datetime
from http import HTTPStatus
from typing import TYPE_CHECKING

from portal.gateways.base import (
    Approved,
    ChargeOutcome,
    ChargeRequest,
    Declined,
    DeclineReason,
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
)
from portal.gateways.declines import ADVICE
from portal.gateways.disputes import DisputeNotice, Evidence, Papers
from portal.gateways.errors import GatewayRefusedError, OutcomeUnknownError
from portal.gateways.settlement import Movement
from portal.gateways.stripe import disputes, settlement, translate
from portal.gateways.stripe.amounts import to_stripe
from portal.gateways.stripe.config import NAME, StripeConfig
from portal.gateways.stripe.lookup import find_charge
from portal.gateways.stripe.sdk import CardRefusedError, RequestRefusedError, call, client
from portal.gateways.stripe.translate import Object

if TYPE_CHECKING:
    from stripe.params import (
        PaymentIntentCreateParams,
        RefundCreateParams,
        SetupIntentCreateParams,
    )

_EXPAND = ["latest_charge"]
_OVER_CAP_CODES = frozenset({"charge_already_refunded", "amount_too_large"})
_WRONG_STATE = "payment_intent_unexpected_state"
_REFUNDS_MAX = 100


class Calls:
    """The connector's work at Stripe; the methods are those of `Gateway`."""

    def __init__(self, config: StripeConfig) -> None:
        self._client = client(config)
        self._v1 = self._client.v1

    def charge(self, request: ChargeRequest) -> ChargeOutcome:
        customer = request.customer_ref
        if request.save_method and customer is None:
            customer = self._open_customer(request.op_key, request.buyer_email)
        params = _charge_params(request, customer)
        try:
            # As it came: the SDK would make objects of all that it says, which takes longer than to ask.
            intent = call(
                lambda: self._client.raw_request(
                    "post", "/v1/payment_intents", **params, idempotency_key=request.op_key
                )
            )
        except CardRefusedError as refusal:
            failed = refusal.error.get("payment_intent")
            return translate.declined(refusal.error, translate.id_of(failed))
        except RequestRefusedError as refusal:
            if refusal.param in ("confirmation_token", "payment_method"):
                return _source_unusable(refusal)
            raise
        outcome = translate.payment(intent)
        if isinstance(outcome, Voided):  # Closed between two sendings of the same request.
            return _closed(outcome.gateway_ref)
        return outcome

    def capture(self, op_key: str, gateway_ref: str, amount_minor: int, currency: str) -> Approved | Declined:
        amount = to_stripe(amount_minor, currency)
        outcome = self._moved(
            gateway_ref,
            lambda: call(
                lambda: self._v1.payment_intents.capture(
                    gateway_ref, {"amount_to_capture": amount, "expand": _EXPAND}, {"idempotency_key": op_key}
                )
            ),
        )
        if isinstance(outcome, Approved) and outcome.captured:
            return outcome
        return outcome if isinstance(outcome, Declined) else _closed(gateway_ref)

    def void(self, op_key: str, gateway_ref: str) -> VoidOutcome:
        outcome = self._moved(
            gateway_ref,
            lambda: call(
                lambda: self._v1.payment_intents.cancel(gateway_ref, {"expand": _EXPAND}, {"idempotency_key": op_key})
            ),
        )
        if isinstance(outcome, (Voided, Approved)):
            return outcome
        raise GatewayRefusedError(NAME, _WRONG_STATE, gateway_ref)

    def _moved(self, gateway_ref: str, move: Callable[[], Object]) -> FetchOutcome:
        """The state after a move, or, if the move came too late, the state that stood in its way."""
        try:
            return translate.payment(move())
        except RequestRefusedError as refusal:
            if refusal.code != _WRONG_STATE:
                raise
        return self.fetch("", gateway_ref, None)

    def refund(self, request: RefundRequest) -> RefundOutcome:
        params: RefundCreateParams = {
            "payment_intent": request.gateway_ref,
            "amount": to_stripe(request.amount_minor, request.currency),
            "reason": "requested_by_customer",
            "metadata": {**request.metadata, "op_key": request.op_key},
        }
        try:
            return translate.refund(call(lambda: self._v1.refunds.create(params, {"idempotency_key": request.op_key})))
        except RequestRefusedError as refusal:
            if refusal.code == "parameter_invalid_integer":
                # A share that Stripe does not count, such as the last digit of a dinar: it has to go another way.
                return RefundFailed(refusal.code)
            if refusal.code in _OVER_CAP_CODES or refusal.param == "amount":
                return RefundFailed(refusal.code, over_cap=True)
            if refusal.code == "charge_disputed":
                return RefundFailed(refusal.code)
            raise

    def fetch(self, op_key: str, gateway_ref: str | None, created_after: datetime | None) -> FetchOutcome:
        if gateway_ref is None:
            return find_charge(self._client, op_key, created_after)
        try:
            found = call(lambda: self._v1.payment_intents.retrieve(gateway_ref, {"expand": _EXPAND}))
        except RequestRefusedError as refusal:
            if refusal.status == HTTPStatus.NOT_FOUND:
                return NotFound()
            raise
        if op_key and found["metadata"].get("op_key", op_key) != op_key:
            # Whoever named this reference was wrong: it is the charge of another order.
            return find_charge(self._client, op_key, created_after)
        return translate.payment(found)

    def fetch_refund(self, op_key: str, gateway_ref: str, refund_ref: str | None) -> FetchRefundOutcome:
        if refund_ref is not None:
            return translate.refund(call(lambda: self._v1.refunds.retrieve(refund_ref)))
        page = call(lambda: self._v1.refunds.list({"payment_intent": gateway_ref, "limit": _REFUNDS_MAX}))
        for each in page["data"]:
            if each["metadata"].get("op_key") == op_key:
                return translate.refund(each)
        if page["has_more"]:
            raise OutcomeUnknownError(NAME, "too_many_refunds", gateway_ref)
        return NotFound()

    def save_method(self, request: SaveMethodRequest) -> SaveOutcome:
        customer = request.customer_ref or self._open_customer(request.op_key, request.buyer_email)
        params: SetupIntentCreateParams = {
            "customer": customer,
            "confirm": True,
            "allowed_payment_method_types": ["card"],
            "usage": "off_session",
            "use_stripe_sdk": True,
            "return_url": request.return_url,
            "metadata": {**request.metadata, "op_key": request.op_key},
            "expand": ["payment_method"],
        }
        if request.source_token is not None:
            params["confirmation_token"] = request.source_token
        try:
            return translate.setup(
                call(lambda: self._v1.setup_intents.create(params, {"idempotency_key": request.op_key}))
            )
        except CardRefusedError as refusal:
            return translate.declined(refusal.error, translate.id_of(refusal.error.get("setup_intent")))
        except RequestRefusedError as refusal:
            if refusal.param == "confirmation_token":
                return _source_unusable(refusal)
            raise

    def fetch_saved(self, gateway_ref: str) -> SaveOutcome:
        return translate.setup(
            call(lambda: self._v1.setup_intents.retrieve(gateway_ref, {"expand": ["payment_method"]}))
        )

    def remove_method(self, method_ref: str) -> None:
        try:
            call(lambda: self._v1.payment_methods.detach(method_ref))
        except RequestRefusedError as refusal:
            # Stripe answers 400 for one that belongs to nobody and 404 for one that it does not know: both are gone.
            if refusal.status not in (HTTPStatus.BAD_REQUEST, HTTPStatus.NOT_FOUND):
                raise

    def fetch_dispute(self, dispute_ref: str, now: datetime) -> DisputeNotice:
        return disputes.fetch(self._client, dispute_ref, now)

    def list_disputes(self, since: datetime, now: datetime) -> Iterator[DisputeNotice]:
        return disputes.opened_since(self._client, since, now)

    def send_evidence(
        self, op_key: str, dispute_ref: str, evidence: Evidence, papers: Papers, now: datetime
    ) -> DisputeNotice:
        return disputes.send_evidence(self._client, op_key, dispute_ref, evidence, papers, now)

    def accept_dispute(self, op_key: str, dispute_ref: str, now: datetime) -> DisputeNotice:
        return disputes.accept(self._client, op_key, dispute_ref, now)

    def movements(self, since: datetime, until: datetime) -> Iterator[Movement]:
        return settlement.movements(self._client, since, until)

    def check(self) -> None:
        call(lambda: self._v1.balance.retrieve())

    def _open_customer(self, op_key: str, email: str | None) -> str:
        key = f"{op_key}-customer"
        found = call(lambda: self._v1.customers.create({"email": email} if email else {}, {"idempotency_key": key}))
        return str(found["id"])


def _charge_params(request: ChargeRequest, customer: str | None) -> "PaymentIntentCreateParams":
    params: PaymentIntentCreateParams = {
        "amount": to_stripe(request.amount_minor, request.currency),
        "currency": request.currency.lower(),
        "confirm": True,
        "capture_method": "automatic" if request.capture else "manual",
        "allowed_payment_method_types": ["card"],
        # The bank's question is asked by Stripe's script on our page, not by a redirect.
        "use_stripe_sdk": True,
        "return_url": request.return_url,
        "description": request.description,
        "metadata": _metadata(request),
        "expand": _EXPAND,
    }
    if customer is not None:
        params["customer"] = customer
    if request.saved_method_ref is not None:
        params["payment_method"] = request.saved_method_ref
    elif request.source_token is not None:
        params["confirmation_token"] = request.source_token
    if request.save_method:
        params["setup_future_usage"] = "off_session"
    return params


def _metadata(request: ChargeRequest) -> dict[str, str]:
    return {**request.metadata, "op_key": request.op_key, "order_number": request.order_number}


def _source_unusable(refusal: RequestRefusedError) -> Declined:
    reason = DeclineReason.SOURCE_UNUSABLE
    return Declined(refusal.code, reason, ADVICE[reason].retry_helps)


def _closed(gateway_ref: str) -> Declined:
    reason = DeclineReason.SESSION_EXPIRED
    return Declined("canceled", reason, ADVICE[reason].retry_helps, gateway_ref)
