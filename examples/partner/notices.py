"""Messages from the portal: proved to be its own (Standard Webhooks), counted once, and kept.

A message is thin. It says which order has changed, not how; whoever wants to know asks the API. So one that comes late,
twice or after a younger one does no harm.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import threading
import time
from collections.abc import Mapping
from typing import Any

PREFIX = "whsec_"
TOLERANCE_S = 300


class ForgedError(Exception):
    """The message is not the portal's, or not of now."""


def prove(headers: Mapping[str, str], body: bytes, secrets: list[str], *, now_s: float) -> str:
    """The id of a message that was signed with one of the secrets within five minutes. Raises ForgedError.

    While a secret is exchanged two of them are known here; the portal signs with both.
    """
    given = {name.lower(): value for name, value in headers.items()}
    message_id, stamp = given.get("webhook-id", ""), given.get("webhook-timestamp", "")
    signatures = [text.partition(",")[2] for text in given.get("webhook-signature", "").split() if text[:3] == "v1,"]
    if not message_id or not stamp.isdigit() or not signatures:
        raise ForgedError("unsigned")
    if abs(now_s - int(stamp)) > TOLERANCE_S:
        raise ForgedError("stale")
    signed = f"{message_id}.{stamp}.".encode() + body
    for secret in secrets:
        digest = hmac.new(base64.b64decode(secret.removeprefix(PREFIX)), signed, hashlib.sha256).digest()
        expected = base64.b64encode(digest).decode()
        if any(hmac.compare_digest(expected, one) for one in signatures):
            return message_id
    raise ForgedError("forged")


class Inbox:
    """What came in, each message once. A real partner keeps this in his database."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: set[str] = set()
        self._by_order: dict[str, list[dict[str, Any]]] = {}

    def take(self, headers: Mapping[str, str], body: bytes, secrets: list[str]) -> bool:
        """Keep a message; False if it was here before. Raises ForgedError."""
        message_id = prove(headers, body, secrets, now_s=time.time())
        message = json.loads(body)
        with self._lock:
            if message_id in self._known:
                return False
            self._known.add(message_id)
            number = message["data"].get("number")
            if number:
                self._by_order.setdefault(number, []).append(message)
        return True

    def of_order(self, number: str) -> list[str]:
        """The kinds of message about an order, in the order in which things happened."""
        with self._lock:
            found = sorted(self._by_order.get(number, []), key=lambda one: int(one["sequence"]))
        return [str(one["type"]) for one in found]
