"""Parts of orders as their stores' programs see and send them."""

from __future__ import annotations

import uuid
from typing import Annotated, Literal

from pydantic import Field

from portal.blueprints.api.schemas import In, Instant, Out, PageOf, Paging, Text, Texts

LINES_MAX = 200
SLIPS_MAX = 200
View = Literal["action", "to_send", "overdue", "hold", "shipped", "returning", "cancelled", "all"]


class StoreOrderQuery(Paging):
    """Which parts, as the views of the seller's desk name them."""

    view: View = Field(default="action", description="What waits to be accepted, unless another view is named.")
    store: Text = Field(default="", description="The store's address name, where the person works for several.")


class SlipsIn(In):
    """Which orders are packed, in the order in which they are printed: parts of one store."""

    orders: Annotated[list[uuid.UUID], Field(min_length=1, max_length=SLIPS_MAX)] = Field(
        description="The ids of parts, as the list of orders tells them."
    )


class StoreOrderItem(Out):
    """A part of an order in a list."""

    id: uuid.UUID
    order_number: str
    status: str = Field(examples=["released"])
    placed_at: Instant
    pieces: int


class StoreOrderPage(PageOf[StoreOrderItem]):
    """A page of parts."""


class ParcelLine(Out):
    """Pieces of a line in a parcel."""

    line_id: uuid.UUID
    sku: str
    quantity: int


class ParcelEvent(Out):
    """What the carrier said."""

    status: str
    at: Instant
    place: str


class Shipment(Out):
    """A parcel and how far it is."""

    id: uuid.UUID
    carrier: str
    tracking_number: str
    status: str = Field(description="sent, in_transit, out_for_delivery, delayed, damaged, lost or delivered.")
    shipped_at: Instant
    expected_until: Instant | None
    delivered_at: Instant | None
    lines: list[ParcelLine]
    events: list[ParcelEvent]


class StoreOrderLine(Out):
    """A line of the store's own. `to_send` is what has neither left nor been given back."""

    line_id: uuid.UUID
    sku: str
    name: Texts
    quantity: int
    to_send: int


class Hold(Out):
    """What holds a part. Why the mall's risk rules hold it stays with the mall: then `reason` is empty."""

    id: uuid.UUID
    kind: str = Field(description="seller, admin, payment or fraud.")
    reason: str
    note: str
    placed_at: Instant
    may_end: bool = Field(description="Whether the key's person may end it.")


class StoreOrder(Out):
    """One part with its lines and parcels."""

    id: uuid.UUID
    order_number: str
    status: str
    accept_by: Instant | None
    send_by: Instant | None
    version: int
    on_hold: bool = Field(description="Nothing of it may be sent while this is so.")
    holds: list[Hold]
    lines: list[StoreOrderLine]
    shipments: list[Shipment]


class PiecesIn(In):
    """Pieces of a line."""

    line_id: Annotated[uuid.UUID, Field(strict=False, description="The `line_id` of the part's line.")]
    quantity: Annotated[int, Field(ge=1, le=1_000_000)]


class ParcelIn(In):
    """A parcel that leaves. Without lines it holds all that is left to send."""

    carrier: Text = Field(description="cj, hanjin, lotte, epost, logen, ems, ups, fedex, dhl or own.")
    tracking_number: Text = Field(description="In the carrier's form; spaces and hyphens do not matter.")
    lines: Annotated[list[PiecesIn], Field(max_length=LINES_MAX)] | None = Field(default=None)


class Sent(Out):
    """The parcel, and what became of the part with it."""

    shipment: Shipment
    part_status: str
    is_repeat: bool = Field(description="The same parcel had been told of before; nothing happened twice.")
