"""Products, sections and stores as programs get them."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from portal.blueprints.api.schemas import (
    PRINTABLE,
    Amount,
    Flag,
    Number,
    OptionChoice,
    Out,
    PageOf,
    Paging,
    StoreRef,
    Text,
    Texts,
)
from portal.kit.money import MAX_MINOR

Slug = Annotated[str, StringConstraints(min_length=1, max_length=120, pattern=PRINTABLE)]
QueryMinor = Annotated[Number, Field(ge=0, le=MAX_MINOR)]
Stock = Literal["in_stock", "low_stock", "sold_out"]


class ProductQuery(Paging):
    """Which products, in which order."""

    q: Text | None = Field(
        default=None, description="Words that names must hold. One letter alone finds nothing.", examples=["bowl"]
    )
    section: Slug | None = Field(default=None, description="A section's slug; what lies in sections below it counts.")
    store: Slug | None = Field(default=None, description="A store's slug.")
    price_min: QueryMinor | None = Field(default=None, description="Smallest price, in minor units of the channel.")
    price_max: QueryMinor | None = Field(default=None, description="Largest price, in minor units of the channel.")
    in_stock: Flag = Field(default=False, description="Only what can be bought now.")
    reduced: Flag = Field(default=False, description="Only what costs less than before.")
    sort: Literal["new", "price", "-price", "name", "match"] | None = Field(
        default=None, description="`match` (names first) is usual with `q`, else `new`."
    )


class ProductItem(Out):
    """A product in a list; prices are those of its variants."""

    id: int
    slug: str
    name: Texts
    store: StoreRef
    picture: str | None = Field(description="Address of the picture, relative to the host.")
    price_from: Amount
    price_to: Amount
    compare_at: Amount | None = Field(description="What it cost before, if it is reduced.")
    available: int = Field(description="Units that can be sold now, over all variants.")
    state: Stock


class ProductPage(PageOf[ProductItem]):
    """A page of products."""

    total: int = Field(description="How many there are; counting stops at 10,000.")
    total_is_capped: bool


class Variant(Out):
    """What is put into a cart, by `id`."""

    id: int
    sku: str
    options: list[OptionChoice]
    picture: str | None
    price: Amount
    compare_at: Amount | None
    available: int
    state: Stock


class ShippingTerms(Out):
    """What a store asks for sending in the channel's currency."""

    fee: Amount
    free_over: Amount | None = Field(description="From this amount of goods on, shipping is free.")
    days: list[int] | None = Field(description="First and last day of arrival, counted from the order.")


class Store(StoreRef):
    """A store that sells on the channel."""

    description: Texts
    picture: str | None
    country: str
    shipping: ShippingTerms
    products: int = Field(description="How many products it sells here.")


class Product(Out):
    """A product with everything that is needed to buy it."""

    id: int
    slug: str
    name: Texts
    description: Texts
    picture: str | None
    section: str = Field(description="The slug of its section.")
    store: Store
    variants: list[Variant]


class Section(Out):
    """A shelf; `parent` is null at the first level."""

    slug: str
    name: Texts
    parent: str | None


class Sections(Out):
    items: list[Section]


class Stores(Out):
    items: list[Store]
