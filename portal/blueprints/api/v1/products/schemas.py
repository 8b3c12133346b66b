"""A store's products as its programs write and read them (CAT-01, ORD-10)."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints, field_validator

from portal.blueprints.api.schemas import (
    BIGINT_MAX,
    PRINTABLE,
    Amount,
    Code,
    In,
    Instant,
    Minor,
    Out,
    PageOf,
    StoreRef,
    Text,
    Texts,
)
from portal.rules.products import (
    ALT_MAX,
    DESCRIPTION_MAX,
    NAME_MAX,
    OPTIONS_MAX,
    PICTURES_MAX,
    VALUE_MAX,
    VARIANTS_MAX,
)
from portal.rules.stock import NOTE_MAX, ON_HAND_MAX

Language = Annotated[str, StringConstraints(pattern=r"^(en|ko)$")]
State = Literal["draft", "active", "archived"]
Line = Annotated[str, StringConstraints(max_length=NAME_MAX, pattern=PRINTABLE, strip_whitespace=True)]
Word = Annotated[str, StringConstraints(min_length=1, max_length=VALUE_MAX, pattern=PRINTABLE)]
Prose = Annotated[str, StringConstraints(max_length=DESCRIPTION_MAX, pattern=r"^[^\x00]*$")]
Alt = Annotated[str, StringConstraints(max_length=ALT_MAX, pattern=PRINTABLE)]
PictureKey = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=PRINTABLE)]
Units = Annotated[int, Field(ge=0, le=ON_HAND_MAX)]
Sku = Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=PRINTABLE)]
Version = Annotated[int, Field(ge=1, le=2**31 - 1)]


class PriceIn(In):
    """What a variant costs on a channel, in minor units of the channel's currency."""

    channel: Code = Field(examples=["kr"])
    amount_minor: Minor
    compare_at_minor: Minor | None = Field(default=None, description="The price before, if this is a reduced one.")


class OptionIn(In):
    """One choice that makes a variant: Colour is Sage."""

    name: dict[Language, Word] = Field(min_length=1)
    value: dict[Language, Word] = Field(min_length=1)


class PictureIn(In):
    """A picture by its key, with what it shows in words."""

    key: PictureKey = Field(description="A key that this product, or a picture that was uploaded on its page, has.")
    alt: dict[Language, Alt] = Field(default={})


class VariantIn(In):
    """A variant as it is wanted."""

    id: Annotated[int, Field(ge=1, le=BIGINT_MAX)] | None = Field(
        default=None, description="That of a variant which is there; left out it is made."
    )
    sku: Sku
    options: list[OptionIn] = Field(default=[], max_length=OPTIONS_MAX)
    picture: PictureKey | None = None
    is_offered: bool = True
    prices: list[PriceIn] = Field(default=[], max_length=50, description="Where it is sold; nowhere else.")
    on_hand: Units | None = Field(default=None, description="The first count of a new variant.")

    @field_validator("prices")
    @classmethod
    def _once_on_each_channel(cls, given: list[PriceIn]) -> list[PriceIn]:
        if len({one.channel for one in given}) < len(given):
            raise ValueError("a channel is named twice")
        return given


class ProductIn(In):
    """A product as it is wanted."""

    name: dict[Language, Line] = Field(min_length=1, description="For sale it needs both languages.")
    description: dict[Language, Prose] = Field(default={})
    section: Code = Field(description="The `slug` of a section.", examples=["kitchen"])
    state: State = "draft"
    customs_code: Annotated[str, StringConstraints(pattern=r"^[0-9]{4,10}$")] | None = Field(
        default=None, description="Its place in the tariff (HS), for goods that cross borders.", examples=["691200"]
    )
    pictures: list[PictureIn] = Field(default=[], max_length=PICTURES_MAX, description="The first is the main one.")
    variants: list[VariantIn] = Field(min_length=1, max_length=VARIANTS_MAX)


class ProductRequest(ProductIn):
    """A new product."""

    store: Text = Field(default="", description="The store's address name, where the person works for several.")


class ProductChange(ProductIn):
    """A product as it is wanted instead of the one that was read. What is not named is not offered any more."""

    version: Version = Field(description="The version that was read: who comes second is refused.")


class StockChange(In):
    """What is on hand of a variant, by counting; reserved units stay reserved."""

    on_hand: Units
    kept_back: Units | None = Field(default=None, description="Units that are not sold. Left out they stay.")
    warn_at: Units | None = Field(default=None, description="Warn when so few are left. Left out it stays.")
    reason: Literal["count", "delivery", "returned", "damaged", "lost", "other"] = "count"
    note: Annotated[str, StringConstraints(max_length=NOTE_MAX, pattern=PRINTABLE)] = ""
    version: Version | None = Field(default=None, description="The `stock.version` that was read, if one was.")


class Stock(Out):
    """Units of a variant."""

    on_hand: int
    reserved: int = Field(description="For open orders.")
    kept_back: int
    warn_at: int | None
    version: int = Field(description="Grows with each sale and each count.")


class ChannelPrice(Out):
    """A price on a channel."""

    channel: str
    price: Amount
    compare_at: Amount | None


class Choice(Out):
    """One option of a variant."""

    name: Texts
    value: Texts


class StoreVariant(Out):
    """A variant with its prices and stock."""

    id: int
    sku: str
    options: list[Choice]
    picture: str | None
    is_offered: bool
    prices: list[ChannelPrice]
    stock: Stock


class Picture(Out):
    """A picture by its key."""

    key: str
    alt: Texts


class StoreProduct(Out):
    """A product as its store keeps it."""

    id: int
    slug: str
    store: StoreRef
    name: Texts
    description: Texts
    section: str
    customs_code: str | None
    state: State
    pictures: list[Picture]
    variants: list[StoreVariant]
    updated_at: Instant
    version: int


class StoreProductItem(Out):
    """A product in the list."""

    id: int
    name: Texts
    state: State
    section: Texts
    variants: int = Field(description="How many are offered.")
    free: int = Field(description="Units that can be sold, of all of them.")
    updated_at: Instant


class StoreProductPage(PageOf[StoreProductItem]):
    """A page of products, the newest first."""


class StoreProductQuery(In):
    """Which products; without a state all that are not archived."""

    store: Text = Field(default="", description="The store's address name, where the person works for several.")
    state: State | None = None
    q: Text = Field(default="", description="A part of a name or of a SKU.")
    cursor: Annotated[str, StringConstraints(max_length=1000, pattern=PRINTABLE)] | None = Field(
        default=None, description="`next_cursor` or `previous_cursor` of an earlier page of the same query."
    )
