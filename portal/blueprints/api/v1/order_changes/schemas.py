"""What of an order can still be changed, and what it is changed to."""

from __future__ import annotations

import uuid
from typing import Annotated

from pydantic import Field

from portal.blueprints.api.schemas import BIGINT_MAX, PRINTABLE, In, OptionChoice, Out, Texts
from portal.blueprints.api.v1.orders.schemas import Address, OrderAddress
from portal.services.orders.amend_order import REASON_LENGTH_MAX

Why = Annotated[
    str,
    Field(
        max_length=REASON_LENGTH_MAX,
        pattern=PRINTABLE,
        description="For the record; needed from whoever changes an order in its buyer's stead.",
    ),
]


class OtherOption(Out):
    """Another option of the same product at the same price."""

    variant_id: int
    options: list[OptionChoice]
    left: int = Field(description="How many of it can be promised now.")


class ChangeableLine(Out):
    """A line of which nothing is packed."""

    line_id: uuid.UUID
    name: Texts
    options: list[OptionChoice]
    units: int
    choices: list[OtherOption]


class OrderChange(Out):
    """An order with what of it can be changed now."""

    number: str
    version: int
    address: OrderAddress | None = Field(description="Null for whoever is not its buyer.")
    address_open: bool = Field(description="Whether all of it can still go elsewhere.")
    lines: list[ChangeableLine]


class AddressChange(In):
    """Where the order goes instead: within the same country."""

    address: Address
    reason: Why = ""


class OptionChange(In):
    """Which option all pieces of the line are."""

    variant_id: Annotated[int, Field(ge=1, le=BIGINT_MAX)]
    reason: Why = ""
