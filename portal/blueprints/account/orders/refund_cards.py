"""The refunds of an order on its page: each step while it is under way, leg by leg (REF-04)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from portal.blueprints.refund_words import goes_to, head_of, leg_sentence, reason_word
from portal.queries.orders import OrderView
from portal.queries.refunds import RefundView

TONES = {
    "requested": "yellow",
    "approved": "blue",
    "sent": "blue",
    "unknown": "purple",
    "failed": "yellow",
    "succeeded": "green",
    "refused": "red",
    "cancelled": "grey",
}


def refunds_of(refunds: Sequence[RefundView], order: OrderView) -> list[dict[str, Any]]:
    """What the page says of each refund, the newest first."""
    card = order.attempt.card if order.attempt else None
    return [
        {
            "refund": one,
            "head": head_of(one),
            "tone": TONES.get(one.status, "grey"),
            "reason": reason_word(one.reason),
            "legs": [
                {"leg": leg, "name": goes_to(leg, order.method, card), "sentence": leg_sentence(leg)}
                for leg in one.legs
            ],
            "waits_for": [consent for consent in one.consents if consent.state == "waiting"],
        }
        for one in refunds
    ]
