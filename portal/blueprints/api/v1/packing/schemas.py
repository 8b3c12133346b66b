"""Holds and labels of a store's part."""

from __future__ import annotations

import uuid
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from portal.blueprints.api.schemas import Code, In, Instant, Out
from portal.blueprints.api.v1.fulfilment.schemas import LINES_MAX, PiecesIn
from portal.services.orders.place_hold import NOTE_MAX


class HoldIn(In):
    """Why the store stops its part."""

    reason: Literal["address_unclear", "out_of_stock", "asked_buyer", "other"]
    note: Annotated[str, StringConstraints(max_length=NOTE_MAX, pattern=r"^[^\x00]*$")] = Field(
        default="", description="Colleagues and the mall read it."
    )


class LabelIn(In):
    """A label to be bought. Without lines it is for all that no other label is for."""

    carrier: Code = Field(description="A carrier that sells labels here.", examples=["cj"])
    lines: Annotated[list[PiecesIn], Field(max_length=LINES_MAX)] | None = None


class LabelPieces(Out):
    """Pieces that go into the parcel."""

    sku: str
    quantity: int


class Label(Out):
    """A carrier's label and how far it is."""

    id: uuid.UUID
    part_id: uuid.UUID
    carrier: str
    status: str = Field(description="wanted, sent, unknown, bought, failed, voiding, voided or used.")
    problem: str | None = Field(description="Why the carrier refused it.")
    tracking_number: str | None
    made_at: Instant
    is_stale: bool = Field(description="It stands for an address that the order no longer goes to.")
    can_print: bool
    can_void: bool
    lines: list[LabelPieces]


class Labels(Out):
    """The labels of a part, the oldest first."""

    items: list[Label]
