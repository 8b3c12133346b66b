"""Top-ups as programs begin and follow them (BAL-02)."""

from __future__ import annotations

import uuid
from typing import Literal

from pydantic import Field

from portal.blueprints.api.schemas import Amount, Instant, Minor, Out, PlatformAmount
from portal.blueprints.api.v1.orders.schemas import NextAction
from portal.blueprints.api.v1.paying import PaymentChoice

Status = Literal[
    "pending",
    "requires_action",
    "authorised",
    "captured",
    "partially_refunded",
    "refunded",
    "disputed",
    "dispute_won",
    "dispute_lost",
    "failed",
    "cancelled",
    "expired",
]


class TopUpRequest(PaymentChoice):
    """How much goes on the deposit of the key's person, in the currency of the key's channel."""

    amount_minor: Minor = Field(description="Whole minor units (won, cents).", examples=[30_000])


class TopUp(Out):
    """A payment into the deposit. It is credited when `status` becomes `captured`, and not before."""

    id: uuid.UUID
    status: Status
    method: str
    amount: Amount
    amount_in_platform: PlatformAmount | None
    created_at: Instant
    expires_at: Instant = Field(description="If its money is not in by then, it ends.")
    next_action: NextAction


class TopUpLimits(Out):
    """What may be topped up at once and within 24 hours. `left` is what may be now."""

    minimum: Amount
    maximum: Amount
    daily: Amount
    left: Amount
