"""Paylink's notices: signed in the way of Standard Webhooks, with the time stamp under the signature."""

from collections.abc import Mapping
from datetime import datetime

from portal.gateways.base import EventKind, WebhookEvent
from portal.gateways.hosted import translate
from portal.gateways.standard_webhooks import believe


def parse(headers: Mapping[str, str], raw_body: bytes, secrets: tuple[str, ...], now: datetime) -> WebhookEvent:
    """The notice in our words. Raises WebhookRefusedError."""
    return believe(headers, raw_body, secrets, now, read=_read)


def _read(event_id: str, event: translate.Object) -> WebhookEvent:
    name, thing = str(event["type"]), event["data"]
    occurred_at = datetime.fromisoformat(event["timestamp"])
    if name.startswith("refund."):
        return WebhookEvent(
            event_id=event_id,
            name=name,
            occurred_at=occurred_at,
            kind=EventKind.REFUND,
            gateway_ref=str(thing["session"]),
            op_key=str(thing["reference"]),
            outcome=translate.refund(thing),
            amount_minor=int(thing["amount"]),
            currency=str(thing["currency"]),
            raw={"type": name, "status": thing["status"]},
            payment_op_key=str(thing["session_reference"]),
            object_ref=str(thing["id"]),
        )
    known = name.startswith("session.")
    return WebhookEvent(
        event_id=event_id,
        name=name,
        occurred_at=occurred_at,
        kind=EventKind.PAYMENT if known else EventKind.OTHER,
        gateway_ref=str(thing["id"]) if known else None,
        op_key=str(thing["reference"]) if known else None,
        outcome=translate.payment(thing) if known else None,
        amount_minor=int(thing["amount"]) if known else None,
        currency=str(thing["currency"]) if known else None,
        raw={"type": name, "status": thing.get("status")},
        object_ref=str(thing["id"]) if known else None,
    )
