"""Refunds: what would come back, and how far it is."""

from __future__ import annotations

import uuid
from typing import Annotated, Literal

from pydantic import Field

from portal.blueprints.api.schemas import Amount, In, Instant, Out, PlatformAmount, Text, Texts

LINES_MAX = 200
ReasonCode = Literal["changed_mind", "ordered_by_mistake", "too_late", "damaged", "wrong_item", "not_as_described"]


class LineUnits(In):
    """Units of a line of the order."""

    line_id: Annotated[uuid.UUID, Field(strict=False, description="The `id` of the order's line.")]
    units: Annotated[int, Field(ge=1, le=1_000_000)]


class BankAccount(In):
    """Where money goes that cannot go back its own way."""

    bank: Text
    number: Text
    holder: Text


class RefundChoices(In):
    """What is asked back. Without lines: everything that is left of the order."""

    lines: Annotated[list[LineUnits], Field(max_length=LINES_MAX)] | None = Field(
        default=None, description="Units by line. Null asks for all that is left and may be given back."
    )
    reason: ReasonCode = Field(default="changed_mind", description="Why.")
    otherwise: Literal["deposit", "bank"] = Field(
        default="deposit", description="Where goes what cannot go back the way it was paid."
    )


class RefundRequest(RefundChoices):
    """What was quoted, confirmed."""

    fingerprint: Text = Field(description="That of the refund quote: exactly this is done, or nothing.")
    note: Text = Field(default="", description="The store reads it.")
    bank: BankAccount | None = Field(default=None, description="Needed when `otherwise` is `bank` and a leg is closed.")


class PlannedLeg(Out):
    """What one tender gives back."""

    type: str = Field(examples=["gateway"])
    amount: Amount
    points: int | None = Field(description="For mileage.")
    destination: str = Field(description="original, deposit or bank.")
    closed: str | None = Field(description="Why its own way is closed; null when it is not.")


class PlannedCoupon(Out):
    """What becomes of a coupon: back, part_kept or expired."""

    name: Texts
    outcome: str


class RefusedLine(Out):
    """A line that cannot be given back, and why."""

    line_id: uuid.UUID
    code: str
    detail: str


class RefundQuote(Out):
    """Everything that a refund would do, to the unit."""

    fingerprint: str
    total: Amount
    legs: list[PlannedLeg]
    coupons: list[PlannedCoupon]
    discount_asked_back: Amount = Field(
        description="What the total is lowered by, because what is kept no longer meets a coupon's minimum; negative "
        "when what was asked back before is given back."
    )
    restocking_fee: Amount = Field(description="What the store keeps of the goods; `total` is without it.")
    points_taken: int = Field(description="Points that the order earned and that are taken back.")
    points_owed: int = Field(description="Of these, what was spent already and is netted from later ones.")
    needs_consent: bool = Field(description="A store or an administrator answers first.")
    refused: list[RefusedLine]


class RefundLeg(Out):
    """What one tender gives back and how far that is."""

    type: str
    amount: Amount
    points: int | None
    destination: str
    status: str = Field(examples=["sent"])


class Refund(Out):
    """A refund and where it stands."""

    id: uuid.UUID
    status: str = Field(examples=["approved"])
    reason: str
    total: Amount
    total_in_platform: PlatformAmount | None = Field(
        default=None, description="The total in the platform's currency at the rate of the payment."
    )
    requested_at: Instant
    due_at: Instant | None
    completed_at: Instant | None
    refusal: str | None = Field(description="Why it was refused.")
    legs: list[RefundLeg]


class RefundList(Out):
    """The refunds of an order, the newest first."""

    items: list[Refund]
