"""Returns as programs ask for them, follow them and decide about them."""

from __future__ import annotations

import uuid
from typing import Annotated, Literal

from pydantic import Field

from portal.blueprints.api.files import FileIn
from portal.blueprints.api.schemas import Amount, In, Instant, Out, PageOf, Paging, Text, Texts
from portal.blueprints.api.v1.refunds.schemas import LineUnits
from portal.kit.file_kinds import FILES_MAX

LINES_MAX = 200
UNITS_MAX = 500
Queue = Literal["waiting", "coming", "arrived", "to_send", "claims", "late", "all"]
VariantId = Annotated[int, Field(ge=1, le=2**62)]


class ReturnLineIn(LineUnits):
    """Units of a line that are to go back, and for an exchange what is wanted instead."""

    variant_id: VariantId | None = Field(
        default=None,
        description="For an exchange: another variant of the same product, or of other goods of the store in the same "
        "section. What costs less brings the difference back when the goods are taken; what costs more is paid before "
        "it goes out, as `to_pay` then says.",
    )


class ReturnIn(In):
    """What is asked for: lines of one store's part of the order."""

    kind: Literal["return", "exchange", "claim"] = "return"
    lines: Annotated[list[ReturnLineIn], Field(min_length=1, max_length=LINES_MAX)]
    reason: Text = Field(description="One of those of refunds; for a claim `lost` or `damaged`.", examples=["damaged"])
    note: Text = Field(default="", description="The store reads it.")
    shipment_id: Annotated[uuid.UUID, Field(strict=False)] | None = Field(
        default=None, description="For a claim: the parcel that was lost or damaged."
    )
    wish: Literal["refund", "resend"] = Field(default="refund", description="For a claim: what is wanted.")
    pictures: Annotated[list[FileIn], Field(max_length=FILES_MAX)] = Field(
        default=[], description="Of what is damaged or not as described, where that is the reason."
    )


class ReturnUnit(Out):
    """One unit; reception and acceptance are two states."""

    id: uuid.UUID
    state: str = Field(
        description="requested, approved, sent, received, missing, accepted, rejected, sent_back, refused or cancelled."
    )
    condition: str | None = Field(description="new, opened or damaged, once it was inspected.")
    restocked: bool


class ReturnLine(Out):
    """A line's units in the return."""

    line_id: uuid.UUID
    sku: str
    name: Texts
    units: list[ReturnUnit]


class ReturnRefund(Out):
    """What comes back for the units that were taken."""

    status: str
    total: Amount
    restocking_fee: Amount = Field(description="What the store kept of the goods; `total` is without it.")


class Return(Out):
    """A return, exchange or claim, and where it stands."""

    id: uuid.UUID
    number: str
    order_number: str
    kind: str
    wish: str = Field(description="refund, exchange or resend.")
    reason: str
    status: str = Field(
        description="requested, approved, sent, received, inspected, settled, refused, cancelled or lapsed."
    )
    way_back: str = Field(description="Who pays for sending it back: buyer, store or nobody.")
    requested_at: Instant
    answer_by: Instant
    send_by: Instant | None
    answer: str | None = Field(description="Why it was refused.")
    carrier: str | None
    tracking_number: str | None
    replacement_number: str | None = Field(description="Tracking number of what went out instead.")
    refund: ReturnRefund | None
    to_pay: Amount | None = Field(
        description="What an exchange costs more and its buyer has still to pay before anything goes out."
    )
    pay_by: Instant | None = Field(description="Until when; then what came back is refunded.")
    version: int = Field(description="Send it with a decision: a return that moved on since is not decided by mistake.")
    lines: list[ReturnLine]


class ReturnItem(Out):
    """A return in a list."""

    id: uuid.UUID
    number: str
    order_number: str
    kind: str
    wish: str
    reason: str
    status: str
    pieces: int
    requested_at: Instant
    due_at: Instant | None


class ReturnPage(PageOf[ReturnItem]):
    """A page of returns."""


class StoreReturnQuery(Paging):
    """Which returns, as the queues of the seller's desk name them."""

    queue: Queue = Field(default="waiting", description="What waits for an answer, unless another queue is named.")
    store: Text = Field(default="", description="The store's address name, where the person works for several.")


class Versioned(In):
    """A decision about a return as it was seen."""

    version: Annotated[int, Field(ge=1)] | None = Field(default=None, description="The version that was seen.")


class ReturnApproval(Versioned):
    """The store agrees."""

    return_to: Annotated[str, Field(max_length=400, pattern=r"^[^\x00]*$")] = Field(
        default="", description="Where the buyer sends it, line by line; by default where the last one went."
    )


class ReturnRefusal(Versioned):
    """The store refuses."""

    answer: Text = Field(description="The buyer reads it.")


class ReturnReceipt(Versioned):
    """What has come."""

    lines: Annotated[list[LineUnits], Field(max_length=LINES_MAX)] | None = Field(
        default=None, description="Null for all of it; what is not named has not come."
    )


class UnitVerdict(In):
    """What was found when one unit was looked at."""

    unit_id: Annotated[uuid.UUID, Field(strict=False)]
    accepted: bool
    condition: Literal["new", "opened", "damaged"] | None = Field(default=None, description="Needed when accepted.")
    restock: bool = Field(default=False, description="Back on the shelf; never for damaged ones.")


class ReturnInspection(Versioned):
    """A verdict for every unit that came."""

    units: Annotated[list[UnitVerdict], Field(min_length=1, max_length=UNITS_MAX)]
    note: Text = Field(default="", description="Needed when a unit is not accepted; the buyer reads it.")
