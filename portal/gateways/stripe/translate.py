"""Stripe's objects in our words. Works on plain mappings, so that answers and notices are read by the same code."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from portal.gateways.base import (
    ActionNeeded,
    Approved,
    CardFacts,
    Declined,
    DeclineReason,
    Facts,
    MethodSaved,
    Pending,
    Refunded,
    RefundFailed,
    RefundPending,
    Voided,
)
from portal.gateways.declines import ADVICE
from portal.gateways.stripe.amounts import from_stripe

Object = Mapping[str, Any]

# docs.stripe.com/declines/codes and docs.stripe.com/error-codes. What is not here is a plain decline.
REASONS: Mapping[str, DeclineReason] = {
    "approve_with_id": DeclineReason.PROCESSING_ERROR,
    "authentication_not_handled": DeclineReason.AUTHENTICATION_FAILED,
    "authentication_required": DeclineReason.AUTHENTICATION_REQUIRED,
    "card_not_supported": DeclineReason.NOT_SUPPORTED,
    "card_velocity_exceeded": DeclineReason.LIMIT_EXCEEDED,
    "currency_not_supported": DeclineReason.CURRENCY_NOT_SUPPORTED,
    "duplicate_transaction": DeclineReason.DUPLICATE,
    "expired_card": DeclineReason.EXPIRED_CARD,
    "fraudulent": DeclineReason.SUSPECTED_FRAUD,
    "highest_risk_level": DeclineReason.SUSPECTED_FRAUD,
    "incorrect_address": DeclineReason.INCORRECT_DETAILS,
    "incorrect_cvc": DeclineReason.INCORRECT_CVC,
    "incorrect_number": DeclineReason.INCORRECT_NUMBER,
    "incorrect_zip": DeclineReason.INCORRECT_DETAILS,
    "insufficient_funds": DeclineReason.INSUFFICIENT_FUNDS,
    "invalid_cvc": DeclineReason.INCORRECT_CVC,
    "invalid_expiry_month": DeclineReason.INCORRECT_DETAILS,
    "invalid_expiry_year": DeclineReason.INCORRECT_DETAILS,
    "invalid_number": DeclineReason.INCORRECT_NUMBER,
    "issuer_not_available": DeclineReason.ISSUER_UNAVAILABLE,
    "lost_card": DeclineReason.LOST_CARD,
    "merchant_blacklist": DeclineReason.SUSPECTED_FRAUD,
    "mobile_device_authentication_required": DeclineReason.AUTHENTICATION_REQUIRED,
    "not_permitted": DeclineReason.NOT_SUPPORTED,
    "payment_intent_authentication_failure": DeclineReason.AUTHENTICATION_FAILED,
    "pickup_card": DeclineReason.LOST_CARD,
    "processing_error": DeclineReason.PROCESSING_ERROR,
    "reenter_transaction": DeclineReason.PROCESSING_ERROR,
    "restricted_card": DeclineReason.NOT_SUPPORTED,
    "service_not_allowed": DeclineReason.NOT_SUPPORTED,
    "setup_intent_authentication_failure": DeclineReason.AUTHENTICATION_FAILED,
    "stolen_card": DeclineReason.STOLEN_CARD,
    "testmode_decline": DeclineReason.NOT_SUPPORTED,
    "transaction_not_allowed": DeclineReason.NOT_SUPPORTED,
    "try_again_later": DeclineReason.ISSUER_UNAVAILABLE,
    "withdrawal_count_limit_exceeded": DeclineReason.LIMIT_EXCEEDED,
}


def id_of(value: object) -> str | None:
    """The id behind a field that Stripe gives as an id or, expanded, as the object."""
    if isinstance(value, Mapping):
        value = value.get("id")
    return value if isinstance(value, str) else None


def instant(seconds: int) -> datetime:
    """Stripe's seconds as an aware instant."""
    return datetime.fromtimestamp(seconds, tz=UTC)


def declined(error: Object, gateway_ref: str | None) -> Declined:
    """A refusal from an `error` or `last_payment_error` object. The decline code says more than the code."""
    code = str(error.get("decline_code") or error.get("code") or "card_declined")
    reason = REASONS.get(code) or REASONS.get(str(error.get("code")), DeclineReason.DECLINED)
    facts: Facts = {"code": error.get("code"), "decline_code": error.get("decline_code"), "charge": error.get("charge")}
    return Declined(code, reason, ADVICE[reason].retry_helps, gateway_ref, facts)


def card_facts(details: object) -> CardFacts | None:
    """The card of a payment method or of a charge's payment_method_details."""
    card = details.get("card") if isinstance(details, Mapping) else None
    if not isinstance(card, Mapping) or not card.get("last4"):
        return None
    return CardFacts(
        brand=str(card.get("brand") or "unknown"),
        last4=str(card["last4"]),
        fingerprint=card.get("fingerprint"),
        exp_month=card.get("exp_month"),
        exp_year=card.get("exp_year"),
        funding=card.get("funding"),
        country=card.get("country"),
    )


def payment(intent: Object) -> Approved | Declined | ActionNeeded | Pending | Voided:
    """The state of a PaymentIntent (docs.stripe.com/payments/paymentintents/lifecycle)."""
    ref, status = str(intent["id"]), intent["status"]
    facts: Facts = {"status": status, "charge": id_of(intent.get("latest_charge"))}
    if status in ("succeeded", "requires_capture"):
        return _approved(intent, ref, facts)
    if status == "requires_action":
        return ActionNeeded(ref, "client", client_secret=intent.get("client_secret"), raw=facts)
    if status == "processing":
        return Pending(ref, raw=facts)
    if status == "canceled":
        return Voided(ref, {**facts, "cancellation_reason": intent.get("cancellation_reason")})
    # What is left, requires_payment_method and requires_confirmation, holds no money and moves none by itself.
    return declined(intent.get("last_payment_error") or {"code": status}, ref)


def _approved(intent: Object, ref: str, facts: Facts) -> Approved:
    charge = intent.get("latest_charge")
    expanded: Object = charge if isinstance(charge, Mapping) else {}
    captured = intent["status"] == "succeeded"
    currency = str(intent["currency"]).upper()
    amount = intent["amount_received"] if captured else intent["amount_capturable"]
    kept = intent.get("setup_future_usage") is not None
    return Approved(
        gateway_ref=ref,
        captured=captured,
        amount_minor=from_stripe(amount, currency),
        currency=currency,
        raw=facts,
        card=card_facts(expanded.get("payment_method_details")),
        refunded_minor=from_stripe(expanded.get("amount_refunded", 0), currency),
        saved_method_ref=id_of(intent.get("payment_method")) if kept else None,
        customer_ref=id_of(intent.get("customer")),
    )


def charge_state(charge: Object) -> Approved | None:
    """What a Charge says of its payment after a refund; None for one that never took money."""
    ref = id_of(charge.get("payment_intent"))
    if ref is None or not charge.get("captured"):
        return None
    currency = str(charge["currency"]).upper()
    return Approved(
        gateway_ref=ref,
        captured=True,
        amount_minor=from_stripe(charge["amount_captured"], currency),
        currency=currency,
        raw={"status": charge.get("status"), "charge": charge.get("id")},
        card=card_facts(charge.get("payment_method_details")),
        refunded_minor=from_stripe(charge["amount_refunded"], currency),
    )


def refund(found: Object) -> Refunded | RefundPending | RefundFailed:
    """The state of a Refund (docs.stripe.com/refunds)."""
    ref, status, currency = str(found["id"]), found.get("status"), str(found["currency"]).upper()
    facts: Facts = {"status": status, "charge": id_of(found.get("charge"))}
    if status in ("failed", "canceled"):
        return RefundFailed(str(found.get("failure_reason") or status), ref, raw=facts)
    amount_minor = from_stripe(found["amount"], currency)
    if status == "succeeded":
        return Refunded(ref, amount_minor, currency, facts)
    return RefundPending(ref, amount_minor, currency, facts)


def setup(intent: Object) -> MethodSaved | Declined | ActionNeeded:
    """The state of a SetupIntent."""
    ref, status = str(intent["id"]), intent["status"]
    if status == "succeeded":
        method = intent["payment_method"]
        return MethodSaved(id_of(method) or "", id_of(intent.get("customer")) or "", card_facts(method), ref)
    if status == "requires_action":
        return ActionNeeded(ref, "client", client_secret=intent.get("client_secret"))
    return declined(intent.get("last_setup_error") or {"code": status}, ref)
