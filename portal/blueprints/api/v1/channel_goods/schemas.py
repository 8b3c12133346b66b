"""A product on each channel: sold or not, prices for a time, texts and units of its own (CHN-03)."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from portal.blueprints.api.schemas import BIGINT_MAX, Amount, Code, In, Instant, Minor, Moment, Out, Texts
from portal.blueprints.api.v1.overrides import Decision, Why
from portal.blueprints.api.v1.products.schemas import Language, Line, Prose, Units, Version
from portal.rules.products import VARIANTS_MAX

VariantId = Annotated[int, Field(ge=1, le=BIGINT_MAX)]


class VariantHere(Out):
    """A variant that has a price on the channel."""

    variant_id: int
    price: Amount
    price_now: Amount | None = Field(description="With what holds for a time; null where it is not sold now.")
    kept: int = Field(description="Units that only this channel sells.")
    floor: int = Field(description="Units that the channel leaves on the shelf.")


class PriceForTime(Out):
    """A price that holds for a time."""

    id: int
    variant_id: int
    price: Amount
    valid_from: Instant
    valid_until: Instant


class TextsHere(Out):
    """What the channel says in its own words; what is empty follows the master."""

    version: int
    name: Texts
    description: Texts
    section: str | None
    by_hand: bool = Field(description="What follows the master does so only when somebody takes it over.")
    waits: bool = Field(description="By hand, and the master has changed since.")


class GoodsHere(Out):
    """A product on one channel."""

    channel: str
    is_sold: bool
    variants: list[VariantHere]
    prices: list[PriceForTime]
    texts: TextsHere | None
    decisions: list[Decision] = Field(description="Its own texts of the product: who chose them and why.")


class GoodsEverywhere(Out):
    """A product on every channel that can be sold on."""

    items: list[GoodsHere]


class SaleIn(In):
    """Whether the channel sells it. Prices and texts are kept where it does not."""

    is_sold: bool


class UnitsOf(In):
    """Units of a variant: zero of both shares all with the other channels."""

    variant_id: VariantId
    kept: Units
    floor: Units = 0


class UnitsIn(In):
    """Units set aside, all or none of it."""

    variants: Annotated[list[UnitsOf], Field(min_length=1, max_length=VARIANTS_MAX)]


class PriceForTimeIn(In):
    """A price for a time, of these variants, or of all that are offered."""

    variant_ids: Annotated[list[VariantId], Field(min_length=1, max_length=VARIANTS_MAX)] | None = None
    amount_minor: Minor
    valid_from: Moment | None = Field(default=None, description="Left out: now.")
    valid_until: Moment


class TextsIn(In):
    """The channel's own words; what is left out or empty follows the master."""

    version: Version | None = Field(default=None, description="That of the texts that were read; null for the first.")
    name: dict[Language, Line] = Field(default={})
    description: dict[Language, Prose] = Field(default={})
    section: Code | None = Field(default=None, description="The slug of a section.")
    by_hand: bool = False
    why: Why = ""
