"""Top-ups as programs begin and follow them (BAL-02)."""

from __future__ import annotations

import uuid
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from portal.blueprints.api.schemas import PRINTABLE, Amount, In, Instant, Minor, Out, PlatformAmount
from portal.blueprints.api.v1.orders.schemas import NextAction, Url

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


class TopUpRequest(In):
    """How much goes on the deposit of the key's person, in the currency of the key's channel."""

    amount_minor: Minor = Field(description="Whole minor units (won, cents).", examples=[30_000])
    method: Annotated[str, StringConstraints(min_length=1, max_length=60, pattern=PRINTABLE)] = Field(
        examples=["virtual_account"]
    )
    source_token: Annotated[str, StringConstraints(min_length=1, max_length=8_000, pattern=PRINTABLE)] | None = Field(
        default=None, description="What the provider's own fields made of the card (flow `element`)."
    )
    saved_method_id: uuid.UUID | None = Field(
        default=None, description="One of the cards on file, instead of a `source_token`; `method` is that of a card."
    )
    return_url: Url | None = Field(
        default=None, description="Where the provider sends the buyer afterwards. Left out: the top-up's page."
    )
    locale: Literal["en", "ko"] | None = None


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
