"""What holds orders of the mall, and decisions about those that rules of risk hold."""

from __future__ import annotations

import uuid
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from portal.blueprints.api.schemas import BIGINT_MAX, In, Instant, Out, Texts
from portal.services.orders.place_hold import NOTE_MAX

Note = Annotated[str, StringConstraints(max_length=NOTE_MAX, pattern=r"^[^\x00]*$")]
HoldReason = Literal[
    "account_taken_over",
    "identity_unclear",
    "dispute_expected",
    "amount_unclear",
    "address_unclear",
    "out_of_stock",
    "asked_buyer",
    "complaint",
    "legal",
    "other",
]


class MallHold(Out):
    """Why a part of an order does not go on."""

    id: uuid.UUID
    part_id: uuid.UUID
    store: Texts
    kind: Literal["fraud", "payment", "seller", "admin"]
    reason: str
    note: str
    placed_by: str = Field(description="A name; empty for what no person did.")
    placed_at: Instant
    may_end: bool = Field(description="Whether the key's person may end it; a review or a freeze ends its own.")


class MallHolds(Out):
    """What holds parts of an order now."""

    items: list[MallHold]


class HoldIn(In):
    """On whose account and why; each kind has reasons of its own."""

    kind: Literal["fraud", "payment", "admin"]
    reason: HoldReason
    note: Note = Field(default="", description="What colleagues should know.")


class HoldEnd(In):
    """Why it goes on."""

    reason: Note = ""


class _Decision(In):
    """Why, and which version of the order was looked at."""

    note: Note = ""
    version: Annotated[int, Field(ge=1, le=BIGINT_MAX)] | None = Field(
        default=None, description="That of the order; in another one nothing is decided."
    )


class Clearance(_Decision):
    """Why it goes on."""

    reason: Literal["known_buyer", "confirmed", "explained", "false_alarm"]


class Refusal(_Decision):
    """Why it is given up."""

    reason: Literal["stolen_means", "fake_identity", "abuse", "unreachable"]


class ReviewedOrder(Out):
    """What was decided."""

    number: str
    decision: Literal["clear", "refuse"]
    is_repeat: bool = Field(description="The same person had decided so before; nothing happened twice.")
