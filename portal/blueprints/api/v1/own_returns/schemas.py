"""What a buyer says about his return."""

from __future__ import annotations

from pydantic import Field

from portal.blueprints.api.schemas import Code, In


class ReturnShipment(In):
    """With whom it was sent."""

    carrier: Code = Field(description="The carrier's code, as parcels name it.", examples=["cj"])
    tracking_number: Code
