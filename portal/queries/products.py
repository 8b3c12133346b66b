"""One product and one store, with all that their pages show."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from portal.queries.catalogue import LOW_STOCK
from portal.queries.sellable import sellable
from portal.queries.store_profile import paused


@dataclass(frozen=True, slots=True)
class StoreView:
    """A store as buyers see it. `products` counts what it sells on the channel.

    While `is_paused` it takes no orders, until `paused_until` or for good.
    """

    id: int
    slug: str
    name: Mapping[str, str]
    description: Mapping[str, str]
    picture: str | None
    country: str
    shipping: Mapping[str, Any]
    products: int
    is_paused: bool = False
    paused_until: datetime | None = None
    pause_message: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ChoiceView:
    """One option of a variant: its name and value in each language, and its code for addresses."""

    name: Mapping[str, str]
    value: Mapping[str, str]
    code: str


@dataclass(frozen=True, slots=True)
class VariantView:
    """A variant as it can be bought on the channel."""

    id: int
    sku: str
    options: tuple[ChoiceView, ...]
    picture: str | None
    amount_minor: int
    compare_at_minor: int | None
    left: int

    @property
    def state(self) -> str:
        if self.left <= 0:
            return "sold_out"
        return "low_stock" if self.left < LOW_STOCK else "in_stock"

    @property
    def code(self) -> str:
        """What names this variant in an address."""
        return "-".join(option.code for option in self.options)


@dataclass(frozen=True, slots=True)
class ProductView:
    """A product with its store and the variants that have a price on the channel.

    `pictures` are keys with their texts, as its store has put them in order.
    """

    id: int
    slug: str
    name: Mapping[str, str]
    description: Mapping[str, str]
    picture: str | None
    section_id: int
    store: StoreView
    variants: tuple[VariantView, ...]
    pictures: tuple[tuple[str, Mapping[str, str]], ...] = ()


_PAUSE = f"{paused('st')} AS is_paused, st.paused_until, st.pause_message"

_PRODUCT = text(
    f"""
    SELECT p.id, p.slug, coalesce(p.name || lo.name, p.name) AS name,
           coalesce(p.description || lo.description, p.description) AS description, p.picture,
           coalesce(lo.section_id, p.section_id) AS section_id,
           (SELECT jsonb_agg(jsonb_build_array(x.picture, x.alt) ORDER BY x.position) FROM product_picture x
             WHERE x.product_id = p.id) AS pictures, st.id AS store_id, st.slug AS store_slug,
           st.name AS store_name, st.description AS store_description, st.picture AS store_picture, st.country,
           st.shipping, {_PAUSE},
           (SELECT count(*) FROM listing l WHERE l.channel_id = :channel_id AND l.store_id = st.id) AS products
      FROM product p JOIN store st ON st.id = p.store_id
      LEFT JOIN local_product lo ON lo.product_id = p.id AND lo.channel_id = :channel_id
     WHERE p.slug = :slug AND (NOT :is_listed OR EXISTS (
           SELECT FROM listing l WHERE l.channel_id = :channel_id AND l.product_id = p.id))
    """  # noqa: S608  # Our own fragment.
)

_VARIANTS = text(
    f"""
    SELECT v.id, v.sku, v.options, v.picture, price.amount_minor, price.compare_at_minor,
           coalesce((SELECT sum(greatest({sellable("s", ":channel_id")}, 0)) FROM stock s
                      WHERE s.variant_id = v.id), 0)::bigint AS "left"
      FROM variant v JOIN price_now price ON price.variant_id = v.id AND price.channel_id = :channel_id
     WHERE v.product_id = :product_id AND v.state = 'active'
     ORDER BY v.position, v.id
    """  # noqa: S608  # Our own fragment.
)

_STORES = f"""
    SELECT st.id, st.slug, st.name, st.description, st.picture, st.country, st.shipping, {_PAUSE},
           (SELECT count(*) FROM listing l WHERE l.channel_id = :channel_id AND l.store_id = st.id) AS products
      FROM store st WHERE st.state = 'open'
"""  # noqa: S608  # Our own fragment.
_STORE = text(_STORES + " AND st.slug = :slug")
_SOME_STORES = text(
    f"SELECT * FROM ({_STORES}) AS found WHERE products > 0 ORDER BY products DESC, id LIMIT :limit"  # noqa: S608  # Only our own words are put together; values are bound.
)
_STORES_OF = text(
    """
    SELECT st.id, st.slug, st.name, count(*) AS products FROM listing l JOIN store st ON st.id = l.store_id
     WHERE l.channel_id = :channel_id AND l.section_id = ANY(:section_ids)
     GROUP BY st.id ORDER BY count(*) DESC, st.id LIMIT 40
    """
)


def find_product(session: Session, *, channel_id: int, slug: str, is_listed: bool = True) -> ProductView | None:
    """A product by its slug; None when the channel does not sell it. Two statements.

    Without `is_listed` also one that is not on sale, for its store to look at; it may then have no variants.
    """
    values = {"channel_id": channel_id, "slug": slug, "is_listed": is_listed}
    row = session.execute(_PRODUCT, values).one_or_none()
    if row is None:
        return None
    found = session.execute(_VARIANTS, {"channel_id": channel_id, "product_id": row.id})
    return ProductView(
        id=row.id,
        slug=row.slug,
        name=row.name,
        description=row.description,
        picture=row.picture,
        section_id=row.section_id,
        store=StoreView(
            id=row.store_id,
            slug=row.store_slug,
            name=row.store_name,
            description=row.store_description,
            picture=row.store_picture,
            country=row.country,
            shipping=row.shipping,
            products=row.products,
            is_paused=row.is_paused,
            paused_until=row.paused_until,
            pause_message=row.pause_message,
        ),
        variants=tuple(_variant(each) for each in found),
        pictures=tuple((key, alt) for key, alt in row.pictures or ()),
    )


def find_store(session: Session, *, channel_id: int, slug: str) -> StoreView | None:
    """A store by its slug; None when it is not open."""
    row = session.execute(_STORE, {"channel_id": channel_id, "slug": slug}).one_or_none()
    return StoreView(**row._mapping) if row else None  # noqa: SLF001  # SQLAlchemy's public name for it.


def list_stores(session: Session, *, channel_id: int, limit: int) -> Sequence[StoreView]:
    """Stores that sell on the channel, those with the most goods first."""
    rows = session.execute(_SOME_STORES, {"channel_id": channel_id, "limit": limit})
    return [StoreView(**row._mapping) for row in rows]  # noqa: SLF001  # As above.


@dataclass(frozen=True, slots=True)
class StoreChoice:
    """A store that a section can be narrowed to, and how much it has there."""

    id: int
    slug: str
    name: Mapping[str, str]
    products: int


def stores_of_sections(session: Session, *, channel_id: int, section_ids: Sequence[int]) -> Sequence[StoreChoice]:
    """The stores that sell in these sections."""
    rows = session.execute(_STORES_OF, {"channel_id": channel_id, "section_ids": list(section_ids)})
    return [StoreChoice(row.id, row.slug, row.name, row.products) for row in rows]


@dataclass(frozen=True, slots=True)
class Shelf:
    """A section of the first level with a picture of something on it, and how much it holds."""

    slug: str
    name: Mapping[str, str]
    picture: str | None
    products: int


_SHELVES = text(
    """
    SELECT c.slug, c.name, held.products, p.picture
      FROM section c
      JOIN LATERAL (SELECT count(*) AS products, min(l.product_id) AS first FROM listing l
                     WHERE l.channel_id = :channel_id AND (l.section_id = c.id OR l.section_id IN (
                           SELECT inside.id FROM section inside WHERE inside.parent_id = c.id))) held ON true
      LEFT JOIN product p ON p.id = held.first
     WHERE c.parent_id IS NULL ORDER BY c.position, c.id
    """
)


def shelves(session: Session, *, channel_id: int) -> Sequence[Shelf]:
    """The sections of the first level, in their order."""
    rows = session.execute(_SHELVES, {"channel_id": channel_id})
    return [Shelf(row.slug, row.name, row.picture, row.products) for row in rows]


def _variant(row: Any) -> VariantView:
    return VariantView(
        id=row.id,
        sku=row.sku,
        options=tuple(
            ChoiceView(one["name"], one["value"], one.get("code") or str(place))
            for place, one in enumerate(row.options)
        ),
        picture=row.picture,
        amount_minor=row.amount_minor,
        compare_at_minor=row.compare_at_minor,
        left=row.left,
    )
