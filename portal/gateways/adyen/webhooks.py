"""Adyen's notifications: proved on eight signed values, then put into our words (STR-02).

A notification bears no signed time, and Adyen may send one again for a month: an old one is believed. It does no harm
twice, because the same event has the same id.
"""

import base64
import json
from collections.abc import Callable, Mapping
from datetime import datetime
from hmac import compare_digest

from portal.gateways.adyen import disputes
from portal.gateways.adyen.config import AdyenConfig
from portal.gateways.adyen.refusals import code_of
from portal.gateways.adyen.translate import Object, card_facts, declined, op_key_of, saved, stored_ref
from portal.gateways.base import (
    DISPUTES,
    Approved,
    Declined,
    DeclineReason,
    DisputeNotice,
    EventKind,
    FetchOutcome,
    FetchRefundOutcome,
    MethodSaved,
    Refunded,
    RefundFailed,
    Voided,
    WebhookEvent,
)
from portal.gateways.errors import WebhookRefusedError

ACCEPTED = "[accepted]"  # docs.adyen.com/development-resources/webhooks: what older settings wait for.
_OVER_CAP = "Insufficient balance on payment"
# Events about a modification name the payment as their original.
_MODIFICATIONS = frozenset(
    {
        *("CAPTURE", "CAPTURE_FAILED", "CANCELLATION", "TECHNICAL_CANCEL", "CANCEL_OR_REFUND", "REFUND"),
        *("REFUND_FAILED", "REFUNDED_REVERSED", "RECURRING_CONTRACT"),
    }
)
Outcome = FetchOutcome | FetchRefundOutcome | MethodSaved | DisputeNotice | None


def parse(headers: Mapping[str, str], raw_body: bytes, config: AdyenConfig) -> WebhookEvent:
    """The notice in our words. Raises WebhookRefusedError."""
    _prove_sender(headers, config)
    item = _item(raw_body)
    if not any(_is_signed(item, key) for key in config.hmac_keys):
        raise WebhookRefusedError("forged")
    if item.get("merchantAccountCode") != config.merchant_account:
        raise WebhookRefusedError("forged")
    return _read(item)


def read(raw_body: bytes) -> WebhookEvent:
    """A notice that was proved before, in our words. Raises WebhookRefusedError."""
    return _read(_item(raw_body))


def _prove_sender(headers: Mapping[str, str], config: AdyenConfig) -> None:
    given = next((value for name, value in headers.items() if name.lower() == "authorization"), "")
    if not given:
        raise WebhookRefusedError("unsigned")
    secret = base64.b64encode(f"{config.webhook_user}:{config.webhook_password}".encode()).decode()
    if not compare_digest(given.encode(), f"Basic {secret}".encode()):
        raise WebhookRefusedError("forged")


def _item(raw_body: bytes) -> Object:
    try:
        (envelope,) = json.loads(raw_body)["notificationItems"]
        item: Object = envelope["NotificationRequestItem"]
        _ = item["additionalData"]["hmacSignature"], item["eventCode"], item["pspReference"]
        _ = int(item["amount"]["value"]), item["amount"]["currency"], item["merchantReference"]
    except (ValueError, KeyError, TypeError) as failure:
        raise WebhookRefusedError("malformed") from failure
    return item


def _is_signed(item: Object, key: str) -> bool:
    # Only a process that takes notices of Adyen pays for the SDK's import.
    from Adyen.util import generate_notification_sig

    expected: bytes = generate_notification_sig(item, key)
    return compare_digest(expected, str(item["additionalData"]["hmacSignature"]).encode())


def _read(item: Object) -> WebhookEvent:
    try:
        return _event(item)
    except (ValueError, KeyError, TypeError) as failure:
        raise WebhookRefusedError("malformed") from failure


def _event(item: Object) -> WebhookEvent:
    code, psp, success = str(item["eventCode"]), str(item["pspReference"]), str(item["success"]).lower() == "true"
    value, currency = int(item["amount"]["value"]), str(item["amount"]["currency"])
    op_key, _ = op_key_of(str(item["merchantReference"]))
    kind, outcome = _KINDS.get(code, (EventKind.OTHER, None))
    if code == "CANCEL_OR_REFUND" and item["additionalData"].get("modification.action") == "refund":
        kind, outcome = EventKind.REFUND, _refund
    payment = item.get("originalReference") or None if code in _MODIFICATIONS else psp
    if kind in DISPUTES:
        payment = disputes.payment_of(item)
    return WebhookEvent(
        event_id=f"{code}:{psp}:{item['success']}:{value}{currency}".lower(),
        kind=kind,
        name=code,
        gateway_ref=payment,
        op_key=op_key,
        outcome=outcome(item, success) if outcome else None,
        amount_minor=value,
        currency=currency,
        occurred_at=datetime.fromisoformat(str(item["eventDate"])),
        raw={"code": code, "success": success, "psp": psp, "reason": str(item.get("reason") or "")[:200]},
        object_ref=psp,
        answer=ACCEPTED,
    )


def _authorisation(item: Object, success: bool) -> Approved | Declined:
    psp = str(item["pspReference"])
    if not success:
        return declined(code_of(str(item.get("reason") or "")), psp)
    additional: Object = item["additionalData"]
    _, captured = op_key_of(str(item["merchantReference"]))
    return Approved(
        gateway_ref=psp,
        captured=captured,
        amount_minor=int(item["amount"]["value"]),
        currency=str(item["amount"]["currency"]),
        raw={"result": "AUTHORISATION", "psp": psp},
        card=card_facts(additional),
        saved_method_ref=stored_ref(additional),
    )


def _capture(item: Object, success: bool) -> Approved | None:
    if not success:
        return None
    amount = item["amount"]
    return Approved(str(item["originalReference"]), True, int(amount["value"]), str(amount["currency"]))


def _cancel(item: Object, success: bool) -> Voided | None:
    return Voided(str(item["originalReference"])) if success else None


def _closed(item: Object, success: bool) -> Declined | None:
    return declined("offer_closed", str(item["pspReference"]), DeclineReason.SESSION_EXPIRED) if success else None


def _refund(item: Object, success: bool) -> Refunded | RefundFailed:
    psp, reason = str(item["pspReference"]), str(item.get("reason") or "")
    if not success:
        # Adyen tells this reason in words only.
        return RefundFailed(reason or "refused", psp, over_cap=reason == _OVER_CAP)
    return Refunded(psp, int(item["amount"]["value"]), str(item["amount"]["currency"]))


def _refund_failed(item: Object, success: bool) -> RefundFailed:
    del success
    return RefundFailed(str(item.get("reason") or item["eventCode"]), str(item["pspReference"]))


def _stored(item: Object, success: bool) -> MethodSaved | None:
    approved = _authorisation(item, success)
    return saved(approved) if isinstance(approved, Approved) else None


def _dispute(item: Object, success: bool) -> DisputeNotice:
    del success
    return disputes.notice(item)


_KINDS: Mapping[str, tuple[EventKind, Callable[[Object, bool], Outcome] | None]] = {
    "AUTHORISATION": (EventKind.PAYMENT, _authorisation),
    "OFFER_CLOSED": (EventKind.PAYMENT, _closed),
    "CAPTURE": (EventKind.PAYMENT, _capture),
    "CAPTURE_FAILED": (EventKind.PAYMENT, None),
    "CANCELLATION": (EventKind.PAYMENT, _cancel),
    "TECHNICAL_CANCEL": (EventKind.PAYMENT, _cancel),
    "CANCEL_OR_REFUND": (EventKind.PAYMENT, _cancel),
    "REFUND": (EventKind.REFUND, _refund),
    "REFUND_FAILED": (EventKind.REFUND, _refund_failed),
    "REFUNDED_REVERSED": (EventKind.REFUND, _refund_failed),
    "RECURRING_CONTRACT": (EventKind.METHOD_SAVED, _stored),
    **{name: (kind, _dispute) for name, kind in disputes.KINDS.items()},
}
