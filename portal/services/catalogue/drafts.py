"""A product as it is wanted: plain values that pages, imports and the demo hand to save_products()."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

Texts = Mapping[str, str]  # {locale: text}


@dataclass(frozen=True, slots=True)
class PriceDraft:
    """What a variant costs on a channel, in minor units of its currency; `compare_at_minor` is the old price."""

    channel_id: int
    amount_minor: int
    compare_at_minor: int | None = None


@dataclass(frozen=True, slots=True)
class OptionDraft:
    """One choice that makes a variant: {"en": "Colour"} is {"en": "Sage"}. `code` keeps it apart in addresses."""

    name: Texts
    value: Texts
    code: str


@dataclass(frozen=True, slots=True)
class VariantDraft:
    """One thing that can be bought. `on_hand` None leaves the stock as it is; variants are shown by `position`."""

    sku: str
    options: tuple[OptionDraft, ...] = ()
    prices: tuple[PriceDraft, ...] = ()
    on_hand: int | None = None
    picture: str | None = None
    position: int = 0


@dataclass(frozen=True, slots=True)
class ProductDraft:
    """A product and its variants. `ref` is its name at whoever keeps it, and decides whether it is new or changed."""

    ref: str
    slug: str
    store_id: int
    section_id: int
    name: Texts
    description: Texts = field(default_factory=dict)
    picture: str | None = None
    variants: tuple[VariantDraft, ...] = ()


@dataclass(frozen=True, slots=True)
class SavedProducts:
    """What save_products() did: ids by `ref` and by sku, and how many products were new."""

    product_ids: Mapping[str, int]
    variant_ids: Mapping[str, int]
    made: int
