"""Orders and goods of the mall, without their buyers (A06, CHN-03)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from portal.blueprints.api.schemas import (
    BIGINT_MAX,
    Amount,
    Code,
    In,
    Instant,
    Out,
    PageOf,
    Paging,
    Text,
    Texts,
)
from portal.blueprints.api.v1.orders.schemas import OrderPart, OrderStatus
from portal.services.catalogue.assign_products import AT_ONCE_MAX


class MallOrderQuery(Paging):
    """Which orders; the newest come first. What the person does not see is not among them."""

    status: OrderStatus | None = None
    channel: Code | None = Field(default=None, description="The code of a channel.", examples=["kr"])
    number: Annotated[str, StringConstraints(max_length=40, pattern=r"^[^\x00-\x1f\x7f@]*$")] = Field(
        default="", description="As people type it: small letters, or without its hyphen."
    )


class MallOrderItem(Out):
    """An order in the list of the mall."""

    number: str
    status: OrderStatus
    channel: str
    total: Amount
    placed_at: Instant
    under_review: bool
    payment_status: str | None
    method: str | None


class MallOrderPage(PageOf[MallOrderItem]):
    """A page of orders."""


class MallOrder(MallOrderItem):
    """An order with its parts; who bought it is told on the desk, on record."""

    parts: list[OrderPart]


class GoodsQuery(Paging):
    """Which products of the mall, as the channel has them; the newest come first."""

    sold: Literal["yes", "no"] | None = Field(default=None, description="Whether the channel sells them.")
    q: Text = Field(default="", description="Words of the name.")


class GoodsItem(Out):
    """A product as a channel has it."""

    product_id: int
    name: Texts
    store: Texts
    section: Texts
    is_sold: bool
    is_priced: bool
    price_from: Amount | None
    own: Sequence[str] = Field(description="What the channel tells in its own words: name, description, section.")


class GoodsPage(PageOf[GoodsItem]):
    """A page of products."""


class Assignment(In):
    """Products that the channel sells from now on, or no more."""

    product_ids: Annotated[
        list[Annotated[int, Field(ge=1, le=BIGINT_MAX)]], Field(min_length=1, max_length=AT_ONCE_MAX)
    ]
    is_sold: bool


class Assigned(Out):
    """What came of it."""

    changed: int = Field(description="How many were not so before.")
    unpriced: list[int] = Field(description="Products that cannot be sold there because they have no price.")
