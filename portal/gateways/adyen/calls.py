"""Every call to Adyen. Each POST carries a key made from ours, so that sending it again changes nothing."""

import base64
import binascii
import json
from collections.abc import Mapping
from datetime import timedelta
from hashlib import sha256
from typing import Any
from urllib.parse import quote, urlsplit

from portal.gateways.adyen import translate
from portal.gateways.adyen.capabilities import CAPABILITIES, TYPES
from portal.gateways.adyen.config import NAME, AdyenConfig
from portal.gateways.adyen.fold import Told, fold
from portal.gateways.adyen.refusals import BY_ERROR
from portal.gateways.adyen.sdk import RequestRefusedError, call, client, key_of
from portal.gateways.base import (
    ActionNeeded,
    Approved,
    ChargeOutcome,
    ChargeRequest,
    Declined,
    DeclineReason,
    FetchOutcome,
    FetchRefundOutcome,
    NotFound,
    OnRecord,
    Pending,
    RefundPending,
    RefundRequest,
    SaveMethodRequest,
    SaveOutcome,
    Voided,
)
from portal.gateways.capabilities import Method
from portal.gateways.errors import GatewayRefusedError, GatewayUnavailableError, OutcomeUnknownError

# What a page's token may hold: nothing else of it reaches Adyen.
_CARD_FIELDS = (
    *("encryptedCardNumber", "encryptedExpiryMonth", "encryptedExpiryYear", "encryptedSecurityCode"),
    *("holderName", "brand"),
)
_RETURNED = ("redirectResult", "threeDSResult", "payload")
_LOCALES = {"en": "en-US", "ko": "ko-KR"}
_COUNTRIES = {"DKK": "DK", "GBP": "GB", "NOK": "NO", "PLN": "PL", "SEK": "SE", "USD": "US"}
_CLOSED = "closed-"
_KEY_TRUSTED_FOR = CAPABILITIES.key_lifetime - timedelta(hours=12)
Body = dict[str, Any]


class Calls:
    """The connector's work at Adyen; the methods are those of `Gateway`."""

    def __init__(self, config: AdyenConfig) -> None:
        self._config = config
        checkout = client(config)
        self._payments, self._modifications = checkout.payments_api, checkout.modifications_api
        self._recurring = checkout.recurring_api

    def charge(self, request: ChargeRequest) -> ChargeOutcome:
        try:
            body = _charge_body(request)
        except ValueError:
            return translate.declined("source_unusable", None, DeclineReason.SOURCE_UNUSABLE)
        answer = self._pay(body, request.op_key)
        if isinstance(answer, Declined):
            return answer
        reference = answer.get("merchantReference", body["reference"])
        kind = body["paymentMethod"]["type"]
        if str(reference).startswith(_CLOSED) or (_kind(answer) == self._config.fence_method != kind):
            return translate.declined("closed", None, DeclineReason.SESSION_EXPIRED)
        given = answer.get("amount")
        if reference != body["reference"] or (given is not None and dict(given) != body["amount"]):
            raise GatewayRefusedError(NAME, "idempotency_key_spent")
        return _read(answer, request.op_key, capture=request.capture)

    def _pay(self, body: Body, op_key: str) -> translate.Object | Declined:
        """The answer of /payments; a refusal of the buyer's details as what it is."""
        content = {"merchantAccount": self._config.merchant_account, "channel": "Web", **body}
        try:
            return call(lambda: self._payments.payments(content, idempotency_key=key_of(op_key)))
        except RequestRefusedError as refusal:
            reason = BY_ERROR.get(refusal.code)
            if reason is None:
                raise
            return translate.declined(refusal.code, None, reason)

    def capture(self, op_key: str, gateway_ref: str, amount_minor: int, currency: str) -> Pending:
        body = self._modification(op_key, amount={"currency": currency, "value": amount_minor})
        call(lambda: self._modifications.capture_authorised_payment(body, gateway_ref, idempotency_key=key_of(op_key)))
        return Pending(gateway_ref)

    def void(self, op_key: str, gateway_ref: str) -> Voided | Pending:
        body = self._modification(op_key)
        if translate.is_psp(gateway_ref):
            call(
                lambda: self._modifications.cancel_authorised_payment_by_psp_reference(
                    body, gateway_ref, idempotency_key=key_of(op_key)
                )
            )
            return Pending(gateway_ref)
        # A question that is open holds no money, and a card's never will: its details are not sent any more. What a
        # wallet or bank has approved meanwhile is cancelled by our reference, or told by notice and given back.
        body["paymentReference"] = gateway_ref
        call(lambda: self._modifications.cancel_authorised_payment(body, idempotency_key=key_of(op_key)))
        return Voided(gateway_ref)

    def refund(self, request: RefundRequest) -> RefundPending:
        amount = {"currency": request.currency, "value": request.amount_minor}
        body = self._modification(request.op_key, amount=amount)
        key = key_of(request.op_key)
        answer = call(
            lambda: self._modifications.refund_captured_payment(body, request.gateway_ref, idempotency_key=key)
        )
        if dict(answer.get("amount") or amount) != amount:
            raise GatewayRefusedError(NAME, "idempotency_key_spent")
        return RefundPending(str(answer["pspReference"]), request.amount_minor, request.currency)

    def _modification(self, op_key: str, **more: Any) -> Body:
        return {"merchantAccount": self._config.merchant_account, "reference": op_key, **more}

    def fetch(self, op_key: str, gateway_ref: str | None) -> FetchOutcome:
        """The first answer under the key; or the key is spent on a payment that nobody can pay."""
        if not op_key:
            raise OutcomeUnknownError(NAME, "nothing_to_ask_with")
        fence: Body = {
            "reference": _CLOSED + op_key,
            "amount": {"currency": "EUR", "value": 100},
            "returnUrl": "https://closed.invalid/",
            "paymentMethod": {"type": self._config.fence_method},
        }
        try:
            answer = self._pay(fence, op_key)
        except RequestRefusedError as refusal:  # The account has no such method: the key is not spent.
            raise OutcomeUnknownError(NAME, "no_fence", refusal.code) from refusal
        if isinstance(answer, Declined):
            return answer
        if self._is_fence(answer, op_key, gateway_ref):
            return NotFound()
        known, capture = translate.op_key_of(str(answer.get("merchantReference", op_key)))
        if known != op_key:
            raise OutcomeUnknownError(NAME, "broken_answer", "another payment")
        return _read(answer, op_key, capture=capture)

    def _is_fence(self, answer: translate.Object, op_key: str, gateway_ref: str | None) -> bool:
        if "merchantReference" in answer:
            return str(answer["merchantReference"]).startswith(_CLOSED)
        # A redirect's answer has no reference. One of ours of the same kind, whose answer was lost, is as good as none:
        # its address is known to nobody. One whose answer came goes by our key, and is not closed.
        return _kind(answer) == self._config.fence_method and gateway_ref != op_key

    def conclude(self, op_key: str, gateway_ref: str | None, record: OnRecord) -> FetchOutcome:
        told = Told.of(record.notices).about(op_key)
        try:
            answered = self._ask(op_key, gateway_ref, record)
        except (GatewayUnavailableError, OutcomeUnknownError):
            if not told.events:
                raise
            answered = None
        outcome = fold(told, answered)
        if outcome is None:
            raise OutcomeUnknownError(NAME, "not_told")
        return outcome

    def _ask(self, op_key: str, gateway_ref: str | None, record: OnRecord) -> FetchOutcome | None:
        details = {name: record.returned[name] for name in _RETURNED if record.returned.get(name)}
        if details:
            try:
                return self._details(op_key, details)
            except RequestRefusedError:
                pass  # Anybody can put anything into an address; what Adyen does not know says nothing.
        if not op_key or record.sent_at is None or record.now - record.sent_at > _KEY_TRUSTED_FOR:
            return None  # A key that is forgotten would look like one that was never used.
        return self.fetch(op_key, gateway_ref)

    def _details(self, op_key: str, details: Mapping[str, str]) -> FetchOutcome | None:
        key = sha256(json.dumps([op_key, sorted(details.items())]).encode()).hexdigest()
        answer = call(lambda: self._payments.payments_details({"details": dict(details)}, idempotency_key=key))
        known, capture = translate.op_key_of(str(answer.get("merchantReference", "")))
        if known != op_key:
            # The result of another payment, and whose it is decides nobody by carrying it here.
            return None
        return _read(answer, op_key, capture=capture)

    def conclude_refund(
        self, op_key: str, gateway_ref: str, refund_ref: str | None, record: OnRecord
    ) -> FetchRefundOutcome:
        del gateway_ref
        found = Told.of(record.notices).refund(op_key, refund_ref)
        if found is not None:
            return found
        fresh = record.sent_at is None or record.now - record.sent_at < _KEY_TRUSTED_FOR
        if refund_ref is None and fresh:
            return NotFound()  # The same request with the same key finds it, or makes it.
        raise OutcomeUnknownError(NAME, "not_told")

    def save_method(self, request: SaveMethodRequest) -> SaveOutcome:
        shopper = request.customer_ref or f"shopper-{request.op_key}"
        try:
            card = _card(request.source_token)
        except ValueError:
            return translate.declined("source_unusable", None, DeclineReason.SOURCE_UNUSABLE)
        body: Body = {
            "reference": request.op_key,
            "amount": {"currency": "EUR", "value": 0},
            "returnUrl": request.return_url,
            **card,
            **_keeping(shopper),
            "metadata": dict(request.metadata),
        }
        answer = self._pay(body, request.op_key)
        return answer if isinstance(answer, Declined) else _saved(answer, request.op_key)

    def fetch_saved(self, gateway_ref: str) -> SaveOutcome:
        found = self.fetch(gateway_ref, gateway_ref)
        if isinstance(found, Approved):
            made = translate.saved(found)
            if made is not None:
                return made
        if isinstance(found, (Declined, ActionNeeded)):
            return found
        raise OutcomeUnknownError(NAME, "not_told")

    def remove_method(self, method_ref: str) -> None:
        shopper, token = translate.split_stored(method_ref)
        query = {"merchantAccount": quote(self._config.merchant_account, safe=""), "shopperReference": quote(shopper)}
        try:
            call(
                lambda: self._recurring.delete_token_for_stored_payment_details(
                    quote(token, safe=""), query_parameters=query
                )
            )
        except RequestRefusedError as refusal:
            if not refusal.is_gone:
                raise

    def check(self) -> None:
        body = {"merchantAccount": self._config.merchant_account, "channel": "Web"}
        call(lambda: self._payments.payment_methods(body))


def _kind(answer: translate.Object) -> str | None:
    """The way of paying that an answer's action is for."""
    action = answer.get("action")
    return action.get("paymentMethodType") if isinstance(action, Mapping) else None


def _read(answer: translate.Object, op_key: str, *, capture: bool) -> ChargeOutcome:
    try:
        return translate.payment(answer, op_key, capture=capture)
    except (KeyError, TypeError, ValueError) as failure:
        raise OutcomeUnknownError(NAME, "broken_answer", type(failure).__name__) from failure


def _saved(answer: translate.Object, op_key: str) -> SaveOutcome:
    outcome = _read(answer, op_key, capture=True)
    if isinstance(outcome, (Declined, ActionNeeded)):
        return outcome
    made = translate.saved(outcome) if isinstance(outcome, Approved) else None
    if made is None:
        raise OutcomeUnknownError(NAME, "not_stored")
    return made


def _charge_body(request: ChargeRequest) -> Body:
    """The body of /payments. Raises ValueError for a token that nothing can be read from."""
    amount = {"currency": request.currency, "value": request.amount_minor}
    body: Body = {
        "reference": translate.reference_of(request.op_key, capture=request.capture),
        "merchantOrderReference": request.order_number,
        "amount": amount,
        "returnUrl": request.return_url,
        "origin": "{0.scheme}://{0.netloc}".format(urlsplit(request.return_url)),
        "shopperInteraction": "Ecommerce",
        "shopperLocale": _LOCALES.get(request.locale, request.locale),
        "metadata": dict(request.metadata),
    }
    if request.capture:
        body["captureDelayHours"] = 0
    else:
        body["additionalData"] = {"manualCapture": "true"}
    if request.buyer_email:
        body["shopperEmail"] = request.buyer_email
    if request.method in TYPES:
        body["paymentMethod"] = {"type": TYPES[request.method]}
    elif request.saved_method_ref is not None:
        shopper, token = translate.split_stored(request.saved_method_ref)
        body |= _keeping(shopper) | {"shopperInteraction": "ContAuth", "storePaymentMethod": False}
        body["paymentMethod"] = {"type": "scheme", "storedPaymentMethodId": token}
    else:
        body |= _card(request.source_token)
        if request.save_method:
            body |= _keeping(request.customer_ref or f"shopper-{request.op_key}")
    if request.method is Method.PAY_LATER:
        line = {"id": request.order_number, "description": request.description, "quantity": 1}
        body["lineItems"] = [line | {"amountIncludingTax": request.amount_minor}]
        country = _COUNTRIES.get(request.currency)
        body |= {"countryCode": country} if country else {}
    return body


def _card(source_token: str | None) -> Body:
    """What the page's fields gave: each field encrypted for Adyen, and what 3-D Secure asks of the browser."""
    try:
        padded = (source_token or "") + "=" * (-len(source_token or "") % 4)
        found = json.loads(base64.urlsafe_b64decode(padded))
        card = {name: str(found["paymentMethod"][name]) for name in _CARD_FIELDS if found["paymentMethod"].get(name)}
    except (binascii.Error, UnicodeDecodeError, KeyError, TypeError, AttributeError) as failure:
        raise ValueError("source_token") from failure
    body: Body = {"paymentMethod": {"type": "scheme", **card}}
    if isinstance(found.get("browserInfo"), dict):
        body["browserInfo"] = found["browserInfo"]
    return body


def _keeping(shopper: str) -> Body:
    return {"shopperReference": shopper, "storePaymentMethod": True, "recurringProcessingModel": "CardOnFile"}
