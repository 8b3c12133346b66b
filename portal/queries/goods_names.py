"""What rules name of the goods, by id: for pages that write rules and read them back."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.models import Product, Store


@dataclass(frozen=True, slots=True)
class GoodsNames:
    """Names in each language; `slugs` of the products that were asked for."""

    stores: Mapping[int, Mapping[str, str]] = field(default_factory=dict)
    products: Mapping[int, Mapping[str, str]] = field(default_factory=dict)
    slugs: Mapping[int, str] = field(default_factory=dict)


def load_goods_names(session: Session, *, product_ids: Collection[int] = ()) -> GoodsNames:
    """All stores, and the products that are named."""
    stores = {row.id: row.name for row in session.execute(select(Store.id, Store.name).order_by(Store.id))}
    rows = []
    if product_ids:
        statement = select(Product.id, Product.slug, Product.name).where(Product.id.in_(product_ids))
        rows = list(session.execute(statement))
    return GoodsNames(stores, {row.id: row.name for row in rows}, {row.id: row.slug for row in rows})


def find_products(session: Session, *, slugs: Collection[str]) -> Mapping[str, int]:
    """The ids of products by their slugs; what there is not is absent."""
    if not slugs:
        return {}
    rows = session.execute(select(Product.slug, Product.id).where(Product.slug.in_(slugs)))
    return {row.slug: row.id for row in rows}
