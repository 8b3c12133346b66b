"""PortOne's notices. They name a payment and say what kind of thing happened to it, and neither amount nor outcome."""

from collections.abc import Mapping
from datetime import datetime

from portal.gateways.base import EventKind, WebhookEvent
from portal.gateways.standard_webhooks import believe

_PAYMENT = frozenset(
    {
        "Transaction.Ready",
        "Transaction.VirtualAccountIssued",
        "Transaction.PayPending",
        "Transaction.Paid",
        "Transaction.Failed",
    }
)
_REFUND = frozenset({"Transaction.PartialCancelled", "Transaction.Cancelled", "Transaction.CancelPending"})
_DISPUTES: Mapping[str, EventKind] = {
    "Transaction.DisputeCreated": EventKind.DISPUTE_OPENED,
    "Transaction.DisputeResolved": EventKind.DISPUTE_CLOSED,
}


def parse(headers: Mapping[str, str], raw_body: bytes, secrets: tuple[str, ...], now: datetime) -> WebhookEvent:
    """The notice in our words. Raises WebhookRefusedError."""
    return believe(headers, raw_body, secrets, now, read=_read)


def _read(event_id: str, event: Mapping[str, object]) -> WebhookEvent:
    name, about = str(event["type"]), event["data"]
    if not isinstance(about, Mapping):
        raise TypeError("data")
    payment_id = str(about["paymentId"]) if "paymentId" in about else None
    cancellation_id = str(about["cancellationId"]) if "cancellationId" in about else None
    kind = _DISPUTES.get(name, EventKind.OTHER)
    if payment_id is not None and name in _PAYMENT:
        kind = EventKind.PAYMENT
    elif payment_id is not None and cancellation_id is not None and name in _REFUND:
        kind = EventKind.REFUND
    is_refund = kind is EventKind.REFUND
    return WebhookEvent(
        event_id=event_id,
        kind=kind,
        name=name,
        gateway_ref=payment_id,
        op_key=None if is_refund else payment_id,
        outcome=None,
        amount_minor=None,
        currency=None,
        occurred_at=datetime.fromisoformat(str(event["timestamp"])),
        raw={"type": name, "payment": payment_id, "cancellation": cancellation_id},
        payment_op_key=payment_id if is_refund else None,
        object_ref=cancellation_id or payment_id,
    )
