"""The cart as programs get it and change it."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from portal.blueprints.api.schemas import Amount, In, OptionChoice, Out, StoreRef, Texts
from portal.rules.pricing import QUANTITY_MAX


class LineChange(In):
    """How many units of a variant the cart shall hold."""

    quantity: Annotated[int, Field(ge=1, le=QUANTITY_MAX)]


class ProductRef(Out):
    """A product by its name in addresses."""

    id: int
    slug: str
    name: Texts


class CartLine(Out):
    """A line at the price of now."""

    variant_id: int
    sku: str
    product: ProductRef
    store: StoreRef
    options: list[OptionChoice]
    picture: str | None
    quantity: int
    unit_price: Amount | None = Field(description="Null where the channel does not sell it.")
    subtotal: Amount
    available: int = Field(description="Units that can be sold now.")
    can_be_bought: bool = Field(description="False when it is not on sale, or there are fewer than `quantity`.")
    price_changed: bool = Field(description="The price is another one than when the line was put in.")


class Cart(Out):
    """The cart of the key's person: the same as on the pages, at the prices of the key's channel."""

    version: int = Field(description="Grows with every change; 0 when there has never been a cart.")
    currency: str
    quantity: int = Field(description="Units over all lines.")
    subtotal: Amount = Field(description="What the goods cost that can be bought. POST /quote says the rest.")
    lines: list[CartLine]
