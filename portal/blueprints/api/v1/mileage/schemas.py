"""Mileage as programs read it, donate it and send it (BAL-05, BAL-06, BAL-08)."""

from __future__ import annotations

import uuid
from typing import Annotated

from pydantic import Field, StringConstraints

from portal.blueprints.api.schemas import Amount, In, Instant, Minor, Out, Texts


class LotOut(Out):
    """Points that came together and end together."""

    source: str = Field(examples=["order"])
    order_number: str | None
    granted_points: int
    left_points: int
    granted_at: Instant
    expires_at: Instant


class PendingOut(Out):
    """Points of a parcel that can still be sent back."""

    order_number: str
    points: int
    usable_at: Instant | None = Field(description="As things stand; null before it was sent.")


class TierOut(Out):
    """The person's tier, the same on every channel."""

    code: str
    name: Texts
    multiplier: str = Field(description="Times the points that purchases earn.", examples=["1.2"])
    spent: Amount
    next_code: str | None
    missing: Amount = Field(description="What is still to be spent for the next tier.")
    holds_until: Instant | None


class Mileage(Out):
    """Where the points of the key's person stand."""

    usable_points: int
    held_points: int
    pending_points: int
    owed_points: int = Field(description="Taken back after they were spent; made up for by what is earned next.")
    ending_points: int = Field(description="End within a week.")
    worth: Amount = Field(description="What the usable points are worth on the key's channel.")
    pending: list[PendingOut]
    lots: list[LotOut]
    tier: TierOut | None


class CauseOut(Out):
    """What points can be donated to."""

    id: int
    name: Texts
    description: Texts


class Causes(Out):
    """Causes that take donations now."""

    items: list[CauseOut]


class DonationRequest(In):
    """Points for a cause."""

    cause_id: Annotated[int, Field(ge=1, le=2**31 - 1)]
    points: Minor = Field(examples=[500])


class GiftRequest(In):
    """Points for whoever has an address."""

    email: Annotated[str, StringConstraints(min_length=3, max_length=254)] = Field(examples=["friend@example.com"])
    points: Minor = Field(examples=[500])
    message: Annotated[str, StringConstraints(max_length=1_000)] = ""


class Given(Out):
    """What was given, by its id."""

    id: uuid.UUID
