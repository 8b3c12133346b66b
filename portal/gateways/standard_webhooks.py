"""Notices signed in the way of Standard Webhooks, with the time stamp under the signature."""

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from hmac import compare_digest
from typing import Any, TypeVar

from standardwebhooks.webhooks import Webhook

from portal.gateways.errors import WebhookRefusedError

T = TypeVar("T")

TOLERANCE = timedelta(minutes=5)
_SCHEME = "v1,"


def signed_headers(secrets: Sequence[str], *, message_id: str, body: bytes, now: datetime) -> dict[str, str]:
    """The headers of a message of ours, signed with each of the secrets: a receiver knows one of them."""
    text = body.decode()
    signatures = [Webhook(secret).sign(message_id, now, text) for secret in secrets]
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": " ".join(signatures),
    }


def believe(
    headers: Mapping[str, str],
    raw_body: bytes,
    secrets: tuple[str, ...],
    now: datetime,
    *,
    read: Callable[[str, Mapping[str, Any]], T],
) -> T:
    """A notice that is proved, in our words: `read` gets its id and content. Raises WebhookRefusedError."""
    event_id = _prove(headers, raw_body, secrets, now)
    try:
        return read(event_id, json.loads(raw_body))
    except (ValueError, KeyError, TypeError, AttributeError) as failure:
        raise WebhookRefusedError("malformed") from failure


def _prove(headers: Mapping[str, str], raw_body: bytes, secrets: tuple[str, ...], now: datetime) -> str:
    given = {name.lower(): value for name, value in headers.items()}
    event_id, stamp = given.get("webhook-id"), given.get("webhook-timestamp")
    signatures = given.get("webhook-signature")
    if not event_id or not stamp or not signatures:
        raise WebhookRefusedError("unsigned")
    if not stamp.isascii() or not stamp.isdigit():
        raise WebhookRefusedError("malformed")
    sent_at = datetime.fromtimestamp(min(int(stamp), 2**33), tz=UTC)
    _prove_signature(event_id, sent_at, raw_body, signatures, secrets)
    if abs(now - sent_at) > TOLERANCE:
        raise WebhookRefusedError("stale")
    return event_id


def _prove_signature(event_id: str, sent_at: datetime, body: bytes, signatures: str, secrets: tuple[str, ...]) -> None:
    # The library's verify() asks the machine's own clock; only its signer is used, and compared in constant time.
    try:
        text = body.decode()
    except UnicodeDecodeError as failure:
        raise WebhookRefusedError("malformed") from failure
    given = [each for each in signatures.split(" ") if each.startswith(_SCHEME)]
    expected = [Webhook(secret).sign(event_id, sent_at, text) for secret in secrets]
    if not any(compare_digest(mine.encode(), theirs.encode()) for mine in expected for theirs in given):
        raise WebhookRefusedError("forged")
