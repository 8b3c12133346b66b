"""What a ticket can be tied to: whose it is, which store it concerns, and what it is called."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from sqlalchemy import text
from sqlalchemy.orm import Session

from portal.rules.tickets import About, AboutKind


@dataclass(frozen=True, slots=True)
class Thing:
    """A thing of an order. `store_id` is None where more than one store may be meant; `label` is its own number."""

    about: About
    order_id: uuid.UUID
    buyer_id: uuid.UUID
    channel_id: int
    order_number: str
    store_id: int | None
    store_name: Mapping[str, str] | None
    label: str


# Each of them: the order, the store, and the number that stands on it, by the alias `t`. One line makes a new kind.
_THINGS: Final[Mapping[AboutKind, str]] = {
    AboutKind.ORDER: "SELECT id, id AS order_id, NULL::bigint AS store_id, number AS label FROM orders",
    AboutKind.PART: "SELECT id, order_id, store_id, '' AS label FROM order_part",
    AboutKind.PARCEL: "SELECT id, order_id, store_id, tracking_number AS label FROM shipment",
    AboutKind.RETURN: "SELECT id, order_id, store_id, number AS label FROM goods_return",
}
_COLUMNS = """
    SELECT t.id, t.order_id, o.buyer_id, o.channel_id, o.number, t.store_id, s.name AS store_name, t.label
      FROM ({things}) t JOIN orders o ON o.id = t.order_id LEFT JOIN store s ON s.id = t.store_id
"""
_ONE = {kind: text(_COLUMNS.format(things=f"{sql} WHERE id = :id")) for kind, sql in _THINGS.items()}
# Of one's latest orders: what each store sends, each parcel, then the order as a whole.
_OWN = text(
    """
    WITH latest AS (SELECT id, number, buyer_id, channel_id, placed_at FROM orders
                     WHERE buyer_id = :buyer_id AND paid_at IS NOT NULL ORDER BY placed_at DESC LIMIT :limit)
    SELECT x.kind, x.id, o.id AS order_id, o.buyer_id, o.channel_id, o.number, x.store_id, s.name AS store_name, x.label
      FROM latest o
      JOIN LATERAL (
           SELECT 1 AS place, 'part' AS kind, id, store_id, '' AS label FROM order_part WHERE order_id = o.id
           UNION ALL SELECT 2, 'parcel', id, store_id, tracking_number FROM shipment WHERE order_id = o.id
           UNION ALL SELECT 3, 'return', id, store_id, number FROM goods_return WHERE order_id = o.id
           UNION ALL SELECT 4, 'order', o.id, NULL, o.number
      ) x ON true
      LEFT JOIN store s ON s.id = x.store_id
     ORDER BY o.placed_at DESC, o.id, x.place, x.id
    """
)


def find_thing(session: Session, *, about: About) -> Thing | None:
    """What is meant, whoever asks; None when there is no such thing."""
    row = session.execute(_ONE[about.kind], {"id": about.id}).one_or_none()
    if row is None:
        return None
    return Thing(about, row.order_id, row.buyer_id, row.channel_id, row.number, row.store_id, row.store_name, row.label)


def things_of_buyer(session: Session, *, buyer_id: uuid.UUID, limit: int = 10) -> list[Thing]:
    """What a buyer's ticket may be about, the latest orders first."""
    rows = session.execute(_OWN, {"buyer_id": buyer_id, "limit": limit})
    return [
        Thing(
            About(AboutKind(row.kind), row.id),
            row.order_id,
            row.buyer_id,
            row.channel_id,
            row.number,
            row.store_id,
            row.store_name,
            row.label,
        )
        for row in rows
    ]
