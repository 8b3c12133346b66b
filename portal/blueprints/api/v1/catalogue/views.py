"""What the key's channel sells."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import g

from portal.blueprints.api.operations import PathValue, operation
from portal.blueprints.api.schemas import Amount, OptionChoice, StoreRef
from portal.blueprints.api.v1.catalogue import examples
from portal.blueprints.api.v1.catalogue.schemas import (
    Product,
    ProductItem,
    ProductPage,
    ProductQuery,
    Section,
    Sections,
    ShippingTerms,
    Store,
    Stores,
    Variant,
)
from portal.blueprints.identity import current_channel
from portal.blueprints.shop.cards import picture_url
from portal.db import reading
from portal.kit.errors import PortalError
from portal.kit.paging import CursorInvalidError
from portal.kit.text import N_
from portal.queries.catalogue import Card, Filters, Sort, list_products, long_enough, search_words
from portal.queries.products import ProductView, StoreView, VariantView, find_product, find_store, list_stores
from portal.queries.sections import SectionView, section_directory
from portal.rules.permissions import Permission

TAG = "Catalogue"
STORES_MAX = 1_000


class ProductUnknownError(PortalError):
    """The channel does not sell it."""

    code = "product_unknown"
    status = 404
    sentence = N_("This shop does not sell such a product.")


class SectionUnknownError(PortalError):
    code = "section_unknown"
    status = 404
    sentence = N_("There is no such section.")


class StoreUnknownError(PortalError):
    code = "store_unknown"
    status = 404
    sentence = N_("There is no such store.")


@operation(
    "GET",
    "/catalogue/products",
    tag=TAG,
    summary="List or search products",
    description="Products of the key's channel, at its prices. Follow `next_cursor` with the same filters.",
    permission=Permission.CATALOGUE_VIEW,
    query=ProductQuery,
    answer=ProductPage,
    example=examples.PAGE,
    refusals=(CursorInvalidError, SectionUnknownError, StoreUnknownError),
    is_cacheable=True,
)
def list_catalogue(query: ProductQuery) -> ProductPage:
    channel = current_channel()
    words = search_words(query.q or "")
    sort = Sort(query.sort) if query.sort else Sort.MATCH if words else Sort.NEW
    if words and not long_enough(words):
        return ProductPage(items=[], next_cursor=None, previous_cursor=None, total=0, total_is_capped=False)
    with reading() as session:
        store = find_store(session, channel_id=channel.id, slug=query.store) if query.store else None
        if query.store and store is None:
            raise StoreUnknownError
        page = list_products(
            session,
            channel_id=channel.id,
            filters=Filters(
                section_ids=_section_ids(query.section),
                store_id=store.id if store else None,
                words=words,
                price_min=query.price_min,
                price_max=query.price_max,
                in_stock=query.in_stock,
                reduced=query.reduced,
            ),
            sort=sort,
            locale=g.locale,
            cursor=query.cursor,
            limit=query.limit,
        )
    return ProductPage(
        items=[_item(card, channel.currency) for card in page.rows],
        next_cursor=page.next_cursor,
        previous_cursor=page.previous_cursor,
        total=page.total or 0,
        total_is_capped=page.total_is_capped,
    )


@operation(
    "GET",
    "/catalogue/products/<string:slug>",
    tag=TAG,
    summary="Show one product",
    description="With its store, and the variants that the key's channel sells.",
    permission=Permission.CATALOGUE_VIEW,
    answer=Product,
    example=examples.PRODUCT,
    path_values={"slug": PathValue("The product's slug.", {"type": "string", "minLength": 1}, "rice-bowl")},
    refusals=(ProductUnknownError,),
    is_cacheable=True,
)
def show_product(slug: str) -> Product:
    channel = current_channel()
    with reading() as session:
        found = find_product(session, channel_id=channel.id, slug=slug)
    if found is None:
        raise ProductUnknownError
    return _product(found, channel.currency)


@operation(
    "GET",
    "/catalogue/sections",
    tag=TAG,
    summary="List sections",
    description="All sections, parents before children.",
    permission=Permission.CATALOGUE_VIEW,
    answer=Sections,
    example=examples.SECTIONS,
    is_cacheable=True,
)
def list_sections() -> Sections:
    sections = section_directory()
    slugs = {one.id: one.slug for one in sections}
    ordered = sorted(sections, key=lambda one: one.parent_id is not None)
    return Sections(items=[Section(slug=s.slug, name=s.name, parent=slugs.get(s.parent_id or 0)) for s in ordered])


@operation(
    "GET",
    "/catalogue/stores",
    tag=TAG,
    summary="List stores",
    description="Stores that sell on the key's channel, those with the most products first.",
    permission=Permission.CATALOGUE_VIEW,
    answer=Stores,
    example=examples.STORES,
    is_cacheable=True,
)
def list_all_stores() -> Stores:
    channel = current_channel()
    with reading() as session:
        stores = list_stores(session, channel_id=channel.id, limit=STORES_MAX)
    return Stores(items=[_store(one, channel.currency) for one in stores])


def _section_ids(slug: str | None) -> tuple[int, ...]:
    """A section with all that lie below it."""
    if slug is None:
        return ()
    sections = section_directory()
    found = {one.id for one in sections if one.slug == slug}
    if not found:
        raise SectionUnknownError
    while below := {one.id for one in sections if one.parent_id in found} - found:
        found |= below
    return tuple(sorted(found))


def picture_address(key: str | None) -> str | None:
    """Where a picture is, relative to the host."""
    if not key:
        return None
    return key if "/" in key else picture_url(key)


def _item(card: Card, currency: str) -> ProductItem:
    return ProductItem(
        id=card.id,
        slug=card.slug,
        name=card.name,
        store=StoreRef(slug=card.store_slug, name=card.store_name),
        picture=picture_address(card.picture),
        price_from=Amount.of(card.price_from_minor, currency),
        price_to=Amount.of(card.price_to_minor, currency),
        compare_at=Amount.maybe(card.compare_at_minor, currency),
        available=max(card.left, 0),
        state=card.state or "in_stock",  # type: ignore[arg-type]  # One of the three.
    )


def _product(found: ProductView, currency: str) -> Product:
    sections: Mapping[int, SectionView] = {one.id: one for one in section_directory()}
    section = sections.get(found.section_id)
    return Product(
        id=found.id,
        slug=found.slug,
        name=found.name,
        description=found.description,
        picture=picture_address(found.picture),
        section=section.slug if section else "",
        store=_store(found.store, currency),
        variants=[_variant(one, currency) for one in found.variants],
    )


def _variant(one: VariantView, currency: str) -> Variant:
    return Variant(
        id=one.id,
        sku=one.sku,
        options=[OptionChoice(name=option.name, value=option.value) for option in one.options],
        picture=picture_address(one.picture),
        price=Amount.of(one.amount_minor, currency),
        compare_at=Amount.maybe(one.compare_at_minor, currency),
        available=max(one.left, 0),
        state=one.state,  # type: ignore[arg-type]  # One of the three.
    )


def _store(one: StoreView, currency: str) -> Store:
    terms: Mapping[str, Any] = one.shipping.get(currency) or {}
    return Store(
        slug=one.slug,
        name=one.name,
        description=one.description,
        picture=picture_address(one.picture),
        country=one.country,
        shipping=ShippingTerms(
            fee=Amount.of(terms.get("fee", 0), currency),
            free_over=Amount.maybe(terms.get("free_over"), currency),
            days=list(terms["days"]) if terms.get("days") else None,
        ),
        products=one.products,
    )
