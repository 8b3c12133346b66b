"""Adyen's answers in our words (docs.adyen.com/online-payments/build-your-integration/payment-result-codes)."""

import re
from collections.abc import Mapping
from typing import Any

from portal.gateways.adyen.refusals import reason_of
from portal.gateways.base import (
    AccountToPay,
    ActionNeeded,
    Approved,
    CardFacts,
    Declined,
    DeclineReason,
    Facts,
    MethodSaved,
    Pending,
)
from portal.gateways.declines import ADVICE

Object = Mapping[str, Any]

# The suffix of a reference whose money is only held: unlike metadata it is under a notification's signature.
_HOLD = ".hold"
_PSP = re.compile(r"[A-Z0-9]{16}")
_BRANDS = {"mc": "mastercard"}


def reference_of(op_key: str, *, capture: bool) -> str:
    """Our key as the merchant's reference, which comes back in answers and notifications."""
    return op_key if capture else op_key + _HOLD


def op_key_of(reference: str) -> tuple[str, bool]:
    """The key behind a reference, and whether its money is taken at once."""
    return reference.removesuffix(_HOLD), not reference.endswith(_HOLD)


def is_psp(ref: str | None) -> bool:
    """Whether a reference is Adyen's. A payment has none before it is authorised, and goes by our key."""
    return ref is not None and _PSP.fullmatch(ref) is not None


def card_facts(additional: Object) -> CardFacts | None:
    """The card, from `additionalData`."""
    if not additional.get("cardSummary"):
        return None
    month, _, year = str(additional.get("expiryDate", "")).partition("/")
    brand = str(additional.get("paymentMethod") or "unknown")
    return CardFacts(
        brand=_BRANDS.get(brand, brand),
        last4=str(additional["cardSummary"]),
        fingerprint=additional.get("alias"),
        exp_month=int(month) if month.isdigit() else None,
        exp_year=int(year) if year.isdigit() else None,
        funding=str(additional.get("fundingSource") or "").lower() or None,
        country=additional.get("cardIssuingCountry"),
    )


def declined(code: str, ref: str | None, reason: DeclineReason | None = None) -> Declined:
    """A refusal by its number."""
    found = reason or reason_of(code)
    return Declined(code, found, ADVICE[found].retry_helps, ref, {"code": code})


def payment(answer: Object, op_key: str, *, capture: bool) -> Approved | Declined | ActionNeeded | Pending:
    """The answer of /payments and /payments/details. Raises KeyError, TypeError or ValueError for nonsense."""
    result = str(answer["resultCode"])
    ref = str(answer.get("pspReference") or op_key)
    facts: Facts = {"result": result, "psp": answer.get("pspReference")}
    if result == "Authorised":
        return _approved(answer, ref, facts, capture=capture)
    if result in ("Refused", "Error"):
        code = str(answer.get("refusalReasonCode") or ("2" if result == "Refused" else "4"))
        return declined(code, ref)
    if result == "Cancelled":
        return declined("16", ref)
    action = answer.get("action")
    if isinstance(action, Mapping) and action.get("type") in ("redirect", "threeDS2"):
        # A page that is opened by a form is not for us, and neither is a bank's frame: no money moves without details.
        if action["type"] == "redirect" and action.get("method", "GET") == "GET":
            return ActionNeeded(ref, "redirect", url=str(action["url"]), raw=facts)
        return declined("action_not_supported", ref, DeclineReason.PROCESSING_ERROR)
    if isinstance(action, Mapping) and action.get("type") == "bankTransfer":
        return Pending(ref, account=_account(action), raw=facts)
    return Pending(ref, raw=facts)


def _approved(answer: Object, ref: str, facts: Facts, *, capture: bool) -> Approved:
    additional: Object = answer.get("additionalData") or {}
    return Approved(
        gateway_ref=ref,
        captured=capture,
        amount_minor=int(answer["amount"]["value"]),
        currency=str(answer["amount"]["currency"]),
        raw=facts,
        card=card_facts(additional),
        saved_method_ref=stored_ref(additional),
        customer_ref=additional.get("tokenization.shopperReference") or additional.get("recurring.shopperReference"),
    )


def _account(action: Object) -> AccountToPay:
    return AccountToPay(
        bank=str(action.get("bic", "")),
        number=str(action["iban"]),
        holder=str(action.get("beneficiary", "")),
        reference=str(action["reference"]) if action.get("reference") else None,
    )


def stored_ref(additional: Object) -> str | None:
    """A stored card as one reference: who it belongs to is needed to remove it."""
    token = additional.get("tokenization.storedPaymentMethodId") or additional.get("recurring.recurringDetailReference")
    shopper = additional.get("tokenization.shopperReference") or additional.get("recurring.shopperReference")
    return f"{shopper}/{token}" if token and shopper else None


def split_stored(method_ref: str) -> tuple[str, str]:
    """The shopper and the stored card behind a reference."""
    shopper, _, token = method_ref.rpartition("/")
    return shopper, token


def saved(approved: Approved) -> MethodSaved | None:
    """What was stored with an authorisation; None if nothing was."""
    if approved.saved_method_ref is None:
        return None
    shopper, _ = split_stored(approved.saved_method_ref)
    return MethodSaved(approved.saved_method_ref, shopper, approved.card, approved.gateway_ref)
