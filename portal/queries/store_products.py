"""A store's products on its desk: the list with counts by state, one of them to edit, and its pictures (CAT-01)."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, func, or_, select, text
from sqlalchemy.orm import Session

from portal.kit.paging import Page, fingerprint
from portal.models import Photo, Product, ProductPicture, Section, Stock, Variant
from portal.queries.keyset import AnySelect, Sorting, count_up_to, fetch_page
from portal.rules.products import LANGUAGES, ProductState

# What the key of an uploaded picture begins with; drawn ones have none of it.
PHOTO = "photo."


@dataclass(frozen=True, slots=True)
class ProductFilter:
    """`search` is a part of a name or of a SKU; without a state, what is not archived."""

    store_id: int
    state: ProductState | None = None
    section_id: int | None = None
    search: str = ""

    @property
    def mark(self) -> str:
        return fingerprint("store-products", self.store_id, self.state, self.section_id, self.search)


@dataclass(frozen=True, slots=True)
class ProductRow:
    """One product in the list, with its variants on offer and what can be sold of them."""

    id: int
    name: Mapping[str, str]
    picture: str | None
    state: str
    section: Mapping[str, str]
    updated_at: datetime
    variants: int
    free: int


@dataclass(frozen=True, slots=True)
class EditVariant:
    """A variant as it is. `prices` by channel: amount and the price it is compared with, in minor units."""

    id: int
    sku: str
    options: Sequence[Mapping[str, Any]]
    picture: str | None
    state: str
    on_hand: int
    reserved: int
    safety: int
    alert_at: int | None
    stock_version: int
    prices: Mapping[int, tuple[int, int | None]]


@dataclass(frozen=True, slots=True)
class EditableProduct:
    """A product as it is, with all of its variants, also those that are not offered any more."""

    id: int
    store_id: int
    slug: str
    name: Mapping[str, str]
    description: Mapping[str, str]
    section_id: int
    state: str
    version: int
    changed_by: str | None
    updated_at: datetime
    pictures: tuple[tuple[str, Mapping[str, str]], ...]
    variants: tuple[EditVariant, ...]
    customs_code: str | None = None


_VARIANTS = (
    select(func.count())
    .where(Variant.product_id == Product.id, Variant.state == "active")
    .correlate(Product)
    .scalar_subquery()
)
_FREE = (
    select(func.coalesce(func.sum(func.greatest(Stock.on_hand - Stock.reserved - Stock.safety, 0)), 0))
    .join(Variant, Variant.id == Stock.variant_id)
    .where(Variant.product_id == Product.id, Variant.state == "active")
    .correlate(Product)
    .scalar_subquery()
)
_LISTED: AnySelect = select(
    Product.id,
    Product.name,
    Product.picture,
    Product.state,
    Section.name.label("section"),
    Product.updated_at,
    _VARIANTS.label("variants"),
    _FREE.label("free"),
).join(Section, Section.id == Product.section_id)
SORTING = Sorting((Product.id,), (int,))


def list_store_products(session: Session, *, chosen: ProductFilter, cursor: str | None) -> Page[ProductRow]:
    """One page, the newest first. Raises CursorInvalidError."""
    narrowed = _LISTED.where(*_conditions(chosen))
    return fetch_page(
        session,
        narrowed,
        SORTING,
        make=lambda row: ProductRow(*row),
        key=lambda row: (row.id,),
        cursor_text=cursor,
        mark=chosen.mark,
        total=count_up_to(session, select(Product.id).where(*_conditions(chosen))),
    )


def _conditions(chosen: ProductFilter) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = [Product.store_id == chosen.store_id]
    conditions.append(Product.state == chosen.state if chosen.state else Product.state != ProductState.ARCHIVED)
    if chosen.section_id is not None:
        conditions.append(Product.section_id == chosen.section_id)
    words = chosen.search.strip()
    if words:
        names = [func.lower(Product.name[key].astext).contains(words.lower(), autoescape=True) for key in LANGUAGES]
        sku = select(Variant.id).where(Variant.product_id == Product.id, Variant.sku.icontains(words, autoescape=True))
        conditions.append(or_(sku.correlate(Product).exists(), *names))
    return conditions


def count_product_states(session: Session, *, store_id: int) -> dict[str, int]:
    """How many products the store has in each state."""
    rows = session.execute(
        select(Product.state, func.count()).where(Product.store_id == store_id).group_by(Product.state)
    )
    return dict.fromkeys(ProductState, 0) | {row[0]: row[1] for row in rows}


_EDITED = text(
    """
    SELECT v.id, v.sku, v.options, v.picture, v.state, coalesce(s.on_hand, 0) AS on_hand,
           coalesce(s.reserved, 0) AS reserved, coalesce(s.safety, 0) AS safety, s.alert_at,
           coalesce(s.version, 1) AS stock_version,
           coalesce((SELECT jsonb_agg(jsonb_build_array(p.channel_id, p.amount_minor, p.compare_at_minor))
                       FROM price p WHERE p.variant_id = v.id), '[]') AS prices
      FROM variant v LEFT JOIN stock s ON s.variant_id = v.id AND s.place = 'main'
     WHERE v.product_id = :product_id ORDER BY v.position, v.id
    """
)


def load_editable(session: Session, *, product_id: int, store_ids: Collection[int]) -> EditableProduct | None:
    """A product of one of these stores, as it is now."""
    row = session.execute(
        select(Product).where(Product.id == product_id, Product.store_id.in_(store_ids))
    ).scalar_one_or_none()
    if row is None:
        return None
    variants = tuple(_variant(one) for one in session.execute(_EDITED, {"product_id": product_id}))
    # What was imported or drawn has no order of its own yet: its pictures are those of product and variants.
    keys = dict.fromkeys(one for one in (row.picture, *(v.picture for v in variants)) if one)
    return EditableProduct(
        id=row.id,
        store_id=row.store_id,
        slug=row.slug,
        name=row.name,
        description=row.description,
        section_id=row.section_id,
        state=row.state,
        version=row.version,
        changed_by=row.changed_by,
        updated_at=row.updated_at,
        pictures=tuple(pictures_of(session, product_id=product_id)) or tuple((key, {}) for key in keys),
        variants=variants,
        customs_code=row.customs_code,
    )


def _variant(row: Any) -> EditVariant:
    return EditVariant(
        id=row.id,
        sku=row.sku,
        options=row.options,
        picture=row.picture,
        state=row.state,
        on_hand=row.on_hand,
        reserved=row.reserved,
        safety=row.safety,
        alert_at=row.alert_at,
        stock_version=row.stock_version,
        prices={channel: (amount, compare) for channel, amount, compare in row.prices},
    )


def load_photo(session: Session, *, photo_id: uuid.UUID) -> tuple[str, bytes] | None:
    """Kind and content of an uploaded picture."""
    row = session.execute(select(Photo.kind, Photo.content).where(Photo.id == photo_id)).one_or_none()
    return (row.kind, row.content) if row else None


def pictures_of(session: Session, *, product_id: int) -> list[tuple[str, Mapping[str, str]]]:
    """A product's pictures in the order that its store gave them, with their texts."""
    found = (
        select(ProductPicture.picture, ProductPicture.alt)
        .where(ProductPicture.product_id == product_id)
        .order_by(ProductPicture.position)
    )
    return [(row.picture, row.alt) for row in session.execute(found)]
