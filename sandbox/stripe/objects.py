"""Stripe's objects as they are made. Keys that begin with an underscore are the sandbox's own and never leave it."""

import hashlib
import time
from typing import Any

from sandbox.http import Json
from sandbox.store import new_id
from sandbox.stripe.cards import Card

API_VERSION = "2026-10-28.endive"


def now() -> int:
    """Seconds, as Stripe counts."""
    return int(time.time())


def clean(thing: Any) -> Any:
    """A copy without the sandbox's own keys."""
    if isinstance(thing, dict):
        return {name: clean(value) for name, value in thing.items() if name[:1] != "_"}
    if isinstance(thing, list):
        return [clean(each) for each in thing]
    return thing


def fingerprint(number: str) -> str:
    """The same for the same card, and not the number."""
    return hashlib.sha256(f"sandbox:{number}".encode()).hexdigest()[:16]


def card_details(card: Card, exp_month: int, exp_year: int) -> Json:
    """The `card` of a payment method."""
    return {
        "brand": card.brand,
        "checks": {"address_line1_check": None, "address_postal_code_check": None, "cvc_check": "pass"},
        "country": card.country,
        "display_brand": card.brand,
        "exp_month": exp_month,
        "exp_year": exp_year,
        "fingerprint": fingerprint(card.number),
        "funding": card.funding,
        "generated_from": None,
        "last4": card.last4,
        "networks": {"available": [card.brand], "preferred": None},
        "three_d_secure_usage": {"supported": True},
        "wallet": None,
    }


def payment_method(card: Card, details: Json, billing: Json | None, method_id: str | None = None) -> Json:
    """A PaymentMethod. `_card` names the test card that it stands for."""
    return {
        "id": method_id or new_id("pm"),
        "object": "payment_method",
        "allow_redisplay": "unspecified",
        "billing_details": {"address": None, "email": None, "name": None, "phone": None, **(billing or {})},
        "card": details,
        "created": now(),
        "customer": None,
        "livemode": False,
        "metadata": {},
        "type": "card",
        "_card": card.number,
    }


def payment_intent(amount: int, currency: str, form: Json) -> Json:
    """A PaymentIntent before anything was tried."""
    ref = new_id("pi")
    return {
        "id": ref,
        "object": "payment_intent",
        "allowed_payment_method_types": form.get("allowed_payment_method_types"),
        "amount": amount,
        "amount_capturable": 0,
        "amount_details": {"tip": {}},
        "amount_received": 0,
        "application": None,
        "application_fee_amount": None,
        "automatic_payment_methods": _switch(form.get("automatic_payment_methods")),
        "canceled_at": None,
        "cancellation_reason": None,
        "capture_method": form.get("capture_method", "automatic_async"),
        "client_secret": f"{ref}_secret_{new_id('x')[2:]}",
        "confirmation_method": form.get("confirmation_method", "automatic"),
        "created": now(),
        "currency": currency,
        "customer": form.get("customer"),
        "description": form.get("description"),
        "last_payment_error": None,
        "latest_charge": None,
        "livemode": False,
        "metadata": form.get("metadata") or {},
        "next_action": None,
        "on_behalf_of": None,
        "payment_method": None,
        "payment_method_options": {"card": {"request_three_d_secure": "automatic"}},
        "payment_method_types": ["card"],
        "processing": None,
        "receipt_email": form.get("receipt_email"),
        "review": None,
        "setup_future_usage": form.get("setup_future_usage"),
        "shipping": form.get("shipping"),
        "statement_descriptor": form.get("statement_descriptor"),
        "statement_descriptor_suffix": form.get("statement_descriptor_suffix"),
        "status": "requires_payment_method",
        "transfer_data": None,
        "transfer_group": form.get("transfer_group"),
    }


def _switch(given: Any) -> Json | None:
    if not isinstance(given, dict):
        return None
    return {"allow_redirects": given.get("allow_redirects", "always"), "enabled": given.get("enabled") == "true"}


def setup_intent(form: Json) -> Json:
    """A SetupIntent before anything was tried."""
    ref = new_id("seti")
    return {
        "id": ref,
        "object": "setup_intent",
        "application": None,
        "automatic_payment_methods": _switch(form.get("automatic_payment_methods")),
        "cancellation_reason": None,
        "client_secret": f"{ref}_secret_{new_id('x')[2:]}",
        "created": now(),
        "customer": form.get("customer"),
        "description": form.get("description"),
        "last_setup_error": None,
        "latest_attempt": None,
        "livemode": False,
        "mandate": None,
        "metadata": form.get("metadata") or {},
        "next_action": None,
        "payment_method": None,
        "payment_method_options": {"card": {"request_three_d_secure": "automatic"}},
        "payment_method_types": ["card"],
        "status": "requires_payment_method",
        "usage": form.get("usage", "off_session"),
    }


def charge(intent: Json, method: Json, *, error: Json | None, captured: bool) -> Json:
    """A Charge: one try of an intent."""
    amount = intent["amount"]
    declined = error is not None
    return {
        "id": new_id("ch"),
        "object": "charge",
        "amount": amount,
        "amount_captured": amount if captured and not declined else 0,
        "amount_refunded": 0,
        "application": None,
        "balance_transaction": None,
        "billing_details": method["billing_details"],
        "calculated_statement_descriptor": "SANDBOX",
        "captured": captured and not declined,
        "created": now(),
        "currency": intent["currency"],
        "customer": intent["customer"],
        "description": intent["description"],
        "disputed": False,
        "failure_balance_transaction": None,
        "failure_code": error["code"] if error else None,
        "failure_message": error["message"] if error else None,
        "fraud_details": {},
        "livemode": False,
        "metadata": dict(intent["metadata"]),
        "outcome": {
            "network_status": "declined_by_network" if declined else "approved_by_network",
            "reason": error.get("decline_code") if error else None,
            "risk_level": "normal",
            "seller_message": "The bank declined." if declined else "Payment complete.",
            "type": "issuer_declined" if declined else "authorized",
        },
        "paid": not declined,
        "payment_intent": intent["id"],
        "payment_method": method["id"],
        "payment_method_details": {"card": {**method["card"], "network": method["card"]["brand"]}, "type": "card"},
        "receipt_email": intent["receipt_email"],
        "refunded": False,
        "review": None,
        "shipping": intent["shipping"],
        "statement_descriptor": intent["statement_descriptor"],
        "statement_descriptor_suffix": intent["statement_descriptor_suffix"],
        "status": "failed" if declined else "succeeded",
        "transfer_data": None,
        "transfer_group": intent["transfer_group"],
        "_card": method["_card"],
    }


def payout(amount: int, currency: str) -> Json:
    """What leaves the balance for the merchant's bank (docs.stripe.com/api/payouts/object)."""
    return {
        "id": new_id("po"),
        "object": "payout",
        "amount": amount,
        "arrival_date": now() + 24 * 3600,
        "automatic": True,
        "balance_transaction": None,
        "created": now(),
        "currency": currency,
        "description": "STRIPE PAYOUT",
        "livemode": False,
        "metadata": {},
        "method": "standard",
        "status": "paid",
        "type": "bank_account",
    }


def balance_transaction(source: Json, amount: int, kind: str) -> Json:
    """What a movement does to the merchant's balance; the fee is 2.9 % and 30, rounded half up."""
    fee = (amount * 29 + 500) // 1000 + 30 if kind == "charge" else 0
    return {
        "id": new_id("txn"),
        "object": "balance_transaction",
        "amount": amount,
        "available_on": now() + 2 * 24 * 3600,
        "created": now(),
        "currency": source["currency"],
        "description": source.get("description"),
        "exchange_rate": None,
        "fee": fee,
        "fee_details": [],
        "net": amount - fee,
        "reporting_category": kind,
        "source": source["id"],
        "status": "pending",
        "type": kind,
    }
