"""A store's product as its programs get it."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.blueprints.access import NotFoundError
from portal.blueprints.api.schemas import BIGINT_MAX, Amount, StoreRef
from portal.blueprints.api.v1.products.schemas import (
    ChannelPrice,
    Choice,
    Picture,
    Stock,
    StoreProduct,
    StoreVariant,
)
from portal.models import Variant
from portal.queries.channels import channel_directory
from portal.queries.sections import section_directory
from portal.queries.store_orders import list_stores
from portal.queries.store_products import EditableProduct, EditVariant, load_editable


def as_product(session: Session, found: EditableProduct) -> StoreProduct:
    """All of it."""
    [store] = list_stores(session, [found.store_id])
    section = next(one.slug for one in section_directory(session) if one.id == found.section_id)
    return StoreProduct(
        id=found.id,
        slug=found.slug,
        store=StoreRef(slug=store.slug, name=store.name),
        name=found.name,
        description=found.description,
        section=section,
        customs_code=found.customs_code,
        state=found.state,  # type: ignore[arg-type]  # One of the table's states.
        pictures=[Picture(key=key, alt=alt) for key, alt in found.pictures],
        variants=[_variant(one) for one in found.variants],
        updated_at=found.updated_at,
        version=found.version,
    )


def _variant(one: EditVariant) -> StoreVariant:
    directory = channel_directory()
    prices = []
    for channel_id, (amount_minor, compare_minor) in sorted(one.prices.items()):
        channel = directory.by_id(channel_id)
        prices.append(
            ChannelPrice(
                channel=channel.code,
                price=Amount.of(amount_minor, channel.currency),
                compare_at=Amount.maybe(compare_minor, channel.currency),
            )
        )
    return StoreVariant(
        id=one.id,
        sku=one.sku,
        options=[Choice(name=option["name"], value=option["value"]) for option in one.options],
        picture=one.picture,
        is_offered=one.state == "active",
        prices=prices,
        stock=as_stock(one),
    )


def as_stock(one: EditVariant) -> Stock:
    return Stock(
        on_hand=one.on_hand,
        reserved=one.reserved,
        kept_back=one.safety,
        warn_at=one.alert_at,
        version=one.stock_version,
    )


def find_variant(session: Session, variant_id: int, *, store_ids: Collection[int]) -> EditVariant:
    """A variant of these stores. Raises NotFoundError for any other."""
    product_id = None
    if variant_id <= BIGINT_MAX:
        product_id = session.scalar(select(Variant.product_id).where(Variant.id == variant_id))
    product = load_editable(session, product_id=product_id, store_ids=sorted(store_ids)) if product_id else None
    if product is None:
        raise NotFoundError
    return next(one for one in product.variants if one.id == variant_id)
