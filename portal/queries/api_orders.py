"""What the stores send of an order, with everything that a program needs to know of each line."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session


@dataclass(frozen=True, slots=True)
class LineFacts:
    """A line as it was bought; amounts in minor units of the order's currency."""

    id: uuid.UUID
    variant_id: int
    product_id: int
    sku: str
    name: Mapping[str, str]
    options: Sequence[Mapping[str, Any]]
    picture: str | None
    quantity: int
    unit_price_minor: int
    subtotal_minor: int
    discount_minor: int
    tax_minor: int
    payable_minor: int
    refunded_quantity: int


@dataclass(frozen=True, slots=True)
class PartFacts:
    """What one store sends."""

    id: uuid.UUID
    status: str
    store_slug: str
    store_name: Mapping[str, str]
    shipping_fee_minor: int
    shipping_discount_minor: int
    payable_minor: int
    deliver_from: datetime | None
    deliver_until: datetime | None
    lines: tuple[LineFacts, ...]


_PARTS = text(
    """
    SELECT p.id AS part_id, p.status, s.slug AS store_slug, s.name AS store_name, p.shipping_fee_minor,
           p.shipping_discount_minor, p.payable_minor AS part_payable_minor, p.deliver_from, p.deliver_until,
           l.id, l.variant_id, l.product_id, l.sku, l.name, l.options, l.picture, l.quantity, l.unit_price_minor,
           l.subtotal_minor, l.discount_minor, l.tax_minor, l.payable_minor, l.refunded_quantity
      FROM order_part p JOIN store s ON s.id = p.store_id JOIN order_line l ON l.part_id = p.id
     WHERE p.order_id = :order_id
     ORDER BY p.position, l.position
    """
)


def load_part_facts(session: Session, *, order_id: uuid.UUID) -> tuple[PartFacts, ...]:
    """The parts with their lines, in the order of the checkout. One statement; the caller knows whose order it is."""
    parts: dict[uuid.UUID, tuple[Any, list[LineFacts]]] = {}
    for row in session.execute(_PARTS, {"order_id": order_id}):
        line = LineFacts(**{name: getattr(row, name) for name in LineFacts.__slots__})
        parts.setdefault(row.part_id, (row, []))[1].append(line)
    return tuple(
        PartFacts(
            id=row.part_id,
            status=row.status,
            store_slug=row.store_slug,
            store_name=row.store_name,
            shipping_fee_minor=row.shipping_fee_minor,
            shipping_discount_minor=row.shipping_discount_minor,
            payable_minor=row.part_payable_minor,
            deliver_from=row.deliver_from,
            deliver_until=row.deliver_until,
            lines=tuple(lines),
        )
        for row, lines in parts.values()
    )
