"""What somebody types into the search of a store's inbox, as a condition on the store's parts."""

from __future__ import annotations

from sqlalchemy import ColumnElement, and_, false, func, or_, select
from sqlalchemy.orm import Session

from portal.crypto import person_marks
from portal.kit.ids import normalise_code
from portal.models import Order, OrderLine, OrderPart, Product, Variant
from portal.queries.keyset import few_of, has_mark
from portal.queries.parcel_numbers import NUMBERED

MATCHED_MAX = 200


def named_parts(session: Session, *, store_id: int, words: str) -> ColumnElement[bool]:
    """Order number, tracking number, a buyer's name, phone or e-mail in full; else SKU or part of a product's name."""
    words = words.strip()
    number = words.upper()
    numbers = [number, f"{number[:2]}-{normalise_code(number[2:])}"]
    marks = person_marks(names=[words], phones=[words], emails=[words])
    of_order = select(OrderPart.id).join(Order, Order.id == OrderPart.order_id).where(OrderPart.store_id == store_id)
    code = normalise_code(words)
    parcels = [select(one.part_id).where(one.tracking_number == code, one.store_id == store_id) for one in NUMBERED]
    # Each by its own index: as alternatives of one condition they would be looked for in all parts of the store.
    exact = [of_order.where(Order.number.in_(numbers)), *parcels]
    marked = has_mark(Order.marks, marks)
    if marks:
        exact.append(of_order.where(OrderPart.released_at.is_not(None), marked))
    parts = few_of(session, *exact)
    if parts is None:
        return and_(OrderPart.released_at.is_not(None), OrderPart.order_id.in_(select(Order.id).where(marked)))
    if parts:
        return OrderPart.id.in_(parts)
    products = select(Product.id).where(
        Product.store_id == store_id,
        or_(*(func.lower(Product.name[key].astext).contains(words.lower(), autoescape=True) for key in ("en", "ko"))),
    )
    by_sku = (
        select(Variant.product_id)
        .join(Product, Product.id == Variant.product_id)
        .where(Variant.sku.in_([words, number]), Product.store_id == store_id)
    )
    ids = session.scalars(products.union(by_sku).limit(MATCHED_MAX)).all()
    return OrderPart.id.in_(select(OrderLine.part_id).where(OrderLine.product_id.in_(ids))) if ids else false()
