"""Claims of stores, as their programs write them. The case itself is a `Return`."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from portal.blueprints.api.schemas import In, Text
from portal.blueprints.api.v1.refunds.schemas import LineUnits
from portal.blueprints.api.v1.returns.schemas import LINES_MAX, Versioned


class ClaimIn(In):
    """What became of a parcel."""

    reason: Literal["lost", "damaged"]
    lines: Annotated[list[LineUnits], Field(min_length=1, max_length=LINES_MAX)] = Field(
        description="What of the parcel is concerned."
    )
    note: Text = ""


class Settlement(Versioned):
    """What the buyer gets, and who bears it."""

    outcome: Literal["refund", "resend"]
    carrier_liable: bool = Field(default=False, description="The carrier pays for it in the end; then say why.")
    note: Text = ""


class ParcelBack(Versioned):
    """A parcel that leaves for a return."""

    carrier: Text = Field(description="cj, hanjin, lotte, epost, logen, ems, ups, fedex, dhl or own.")
    tracking_number: Text = Field(description="In the carrier's form; spaces and hyphens do not matter.")
