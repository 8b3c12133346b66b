"""Stripe's notices: proved on the raw body, then put into our words (STR-02, STR-03)."""

import json
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from stripe import SignatureVerificationError, WebhookSignature

from portal.gateways.base import DISPUTES, EventKind, FetchOutcome, FetchRefundOutcome, MethodSaved, WebhookEvent
from portal.gateways.disputes import DisputeNotice
from portal.gateways.errors import GatewayRefusedError, WebhookRefusedError
from portal.gateways.stripe import disputes, translate
from portal.gateways.stripe.amounts import from_stripe
from portal.gateways.stripe.translate import Object, id_of

TOLERANCE = timedelta(minutes=5)  # STR-02; Stripe's own default.
_HEADER = "stripe-signature"

Outcome = FetchOutcome | FetchRefundOutcome | MethodSaved | DisputeNotice | None


def parse(headers: Mapping[str, str], raw_body: bytes, secrets: tuple[str, ...], now: datetime) -> WebhookEvent:
    """The notice in our words. Raises WebhookRefusedError."""
    signature = next((value for name, value in headers.items() if name.lower() == _HEADER), None)
    if not signature:
        raise WebhookRefusedError("unsigned")
    _prove(signature, raw_body, secrets)
    _prove_age(signature, now)
    try:
        return read_event(raw_body)
    except (ValueError, KeyError, TypeError, AttributeError, GatewayRefusedError) as failure:
        raise WebhookRefusedError("malformed") from failure


def _prove(signature: str, raw_body: bytes, secrets: tuple[str, ...]) -> None:
    for secret in secrets:
        try:
            WebhookSignature.verify_header(raw_body, signature, secret)
        except (SignatureVerificationError, UnicodeDecodeError):
            continue
        return
    raise WebhookRefusedError("forged")


def _prove_age(signature: str, now: datetime) -> None:
    # The SDK would ask the machine's own clock; ours is passed in. Its signature covers this time stamp.
    stamp = next(part[2:] for part in signature.split(",") if part.startswith("t="))
    if abs(now - translate.instant(int(stamp))) > TOLERANCE:
        raise WebhookRefusedError("stale")


def read_event(raw_body: bytes) -> WebhookEvent:
    """A notice that was proved before. Raises ValueError, KeyError, TypeError or AttributeError for what is none."""
    event: Mapping[str, Any] = json.loads(raw_body)
    name, thing = str(event["type"]), event["data"]["object"]
    kind, outcome = _NAMES.get(name, (EventKind.OTHER, None))
    payment_op_key, op_key = None, _metadata(thing).get("op_key")
    if kind is EventKind.REFUND:
        payment_op_key = _metadata(thing).get("payment_op_key")
    amount, currency = _amount(name, thing)
    at = translate.instant(int(event["created"]))
    told: Outcome = outcome(thing) if outcome else None
    if kind in DISPUTES:
        told = disputes.notice(thing, at)
    return WebhookEvent(
        event_id=str(event["id"]),
        kind=kind,
        name=name,
        gateway_ref=_payment_ref(thing),
        op_key=op_key,
        outcome=told,
        amount_minor=amount,
        currency=currency,
        occurred_at=at,
        raw={"type": name, "object": id_of(thing), "status": thing.get("status"), "livemode": event.get("livemode")},
        payment_op_key=payment_op_key,
        object_ref=id_of(thing),
    )


def _metadata(thing: Object) -> Mapping[str, str]:
    return thing.get("metadata") or {}


def _payment_ref(thing: Object) -> str | None:
    return id_of(thing) if thing.get("object") == "payment_intent" else id_of(thing.get("payment_intent"))


def _amount(name: str, thing: Object) -> tuple[int | None, str | None]:
    if "currency" not in thing or "amount" not in thing:
        return None, None
    currency = str(thing["currency"]).upper()
    amount = thing["amount_received"] if name == "payment_intent.succeeded" else thing["amount"]
    return from_stripe(amount, currency), currency


_NAMES: Mapping[str, tuple[EventKind, Callable[[Object], Outcome] | None]] = {
    "payment_intent.succeeded": (EventKind.PAYMENT, translate.payment),
    "payment_intent.payment_failed": (EventKind.PAYMENT, translate.payment),
    "payment_intent.processing": (EventKind.PAYMENT, translate.payment),
    "payment_intent.requires_action": (EventKind.PAYMENT, translate.payment),
    "payment_intent.canceled": (EventKind.PAYMENT, translate.payment),
    "payment_intent.amount_capturable_updated": (EventKind.PAYMENT, translate.payment),
    "charge.refunded": (EventKind.PAYMENT, translate.charge_state),
    "charge.dispute.created": (EventKind.DISPUTE_OPENED, None),
    "charge.dispute.updated": (EventKind.DISPUTE_CHANGED, None),
    "charge.dispute.funds_withdrawn": (EventKind.DISPUTE_CHANGED, None),
    "charge.dispute.funds_reinstated": (EventKind.DISPUTE_CHANGED, None),
    "charge.dispute.closed": (EventKind.DISPUTE_CLOSED, None),
    "refund.created": (EventKind.REFUND, translate.refund),
    "refund.updated": (EventKind.REFUND, translate.refund),
    "refund.failed": (EventKind.REFUND, translate.refund),
    "setup_intent.succeeded": (EventKind.METHOD_SAVED, translate.setup),
    "payment_method.detached": (EventKind.METHOD_REMOVED, None),
}
