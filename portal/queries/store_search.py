"""What somebody types into the search of a store's inbox, as a condition on the store's parts."""

from __future__ import annotations

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session

from portal.crypto import person_marks
from portal.kit.ids import normalise_code
from portal.models import Order, OrderLine, OrderPart, Product, Shipment, Variant
from portal.queries.keyset import has_mark

MATCHED_MAX = 200


def named_parts(session: Session, *, store_id: int, words: str) -> ColumnElement[bool]:
    """Order number, tracking number, SKU or a buyer's name, phone or e-mail in full; or a part of a product's name."""
    words = words.strip()
    number = words.upper()
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
    parcel = (
        select(Shipment.id)
        .where(Shipment.part_id == OrderPart.id, Shipment.tracking_number == normalise_code(words))
        .correlate(OrderPart)
        .exists()
    )
    marks = person_marks(names=[words], phones=[words], emails=[words])
    bought = (
        select(OrderPart.id)
        .join(Order, Order.id == OrderPart.order_id)
        .where(OrderPart.store_id == store_id, OrderPart.released_at.is_not(None), has_mark(Order.marks, marks))
        .limit(MATCHED_MAX)
    )
    theirs = session.scalars(bought).all() if marks else []
    by_number = or_(
        Order.number.in_([number, f"{number[:2]}-{normalise_code(number[2:])}"]), parcel, OrderPart.id.in_(theirs)
    )
    if not ids:
        return by_number
    line = (
        select(OrderLine.id)
        .where(OrderLine.part_id == OrderPart.id, OrderLine.product_id.in_(ids))
        .correlate(OrderPart)
        .exists()
    )
    return or_(by_number, line)
