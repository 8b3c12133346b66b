"""Wishes as programs read them."""

from __future__ import annotations

from pydantic import Field

from portal.blueprints.api.schemas import Amount, Instant, OptionChoice, Out, Texts


class Wish(Out):
    """A variant that somebody wishes for."""

    variant_id: int
    product: str = Field(description="The product's name in addresses.")
    name: Texts
    options: list[OptionChoice]
    picture: str | None
    store: Texts
    price: Amount | None = Field(description="Null where the key's channel does not sell it.")
    in_stock: bool
    added_at: Instant


class Wishes(Out):
    """The whole list, the latest wish first; it holds at most 200."""

    items: list[Wish]
