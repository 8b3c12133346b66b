"""A buyer's list of orders, in one statement."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from portal.kit.paging import Page, decode_cursor, fingerprint, page_of

LIST_LENGTH = 20
COUNTED_MAX = 1_000

# What buyers filter by, in their words; every state is in exactly one group.
GROUPS: Mapping[str, tuple[str, ...]] = {
    "open": ("pending",),
    "under_way": ("paid", "shipped"),
    "done": ("delivered",),
    "ended": ("cancelled", "failed", "expired", "partially_refunded", "refunded"),
}


@dataclass(frozen=True, slots=True)
class OrderRow:
    """An order in the list."""

    id: uuid.UUID
    number: str
    status: str
    currency: str
    payable_minor: int
    placed_at: datetime
    first_name: Mapping[str, str]
    picture: str | None
    lines: int
    platform_minor: int | None = None
    platform_currency: str | None = None


# The mark of a page and its rows come in one statement; numbers are compared without hyphens.
_LIST = """
    WITH mine AS (
        SELECT o.id, o.number, o.status, o.currency, o.payable_minor, o.placed_at, o.platform_minor,
               o.platform_currency
          FROM orders o
         WHERE o.buyer_id = :buyer_id
           AND (CAST(:states AS text[]) IS NULL OR o.status = ANY(:states))
           AND (CAST(:number AS text) IS NULL OR position(:number IN replace(o.number, '-', '')) > 0)
    )
    SELECT m.*, f.name AS first_name, f.picture, f.lines,
           (SELECT count(*) FROM (SELECT FROM mine LIMIT :counted_max) c) AS total
      FROM (SELECT * FROM mine {where} ORDER BY placed_at {direction}, id {direction} LIMIT :length) m
      JOIN LATERAL (SELECT l.name, l.picture, count(*) OVER () AS lines FROM order_line l
                     WHERE l.order_id = m.id ORDER BY l.position LIMIT 1) f ON true
     ORDER BY m.placed_at {direction}, m.id {direction}
"""
_FIRST = text(_LIST.format(where="", direction="DESC"))
_AFTER = text(_LIST.format(where="WHERE (placed_at, id) < (:placed_at, :id)", direction="DESC"))
_BEFORE = text(_LIST.format(where="WHERE (placed_at, id) > (:placed_at, :id)", direction="ASC"))


def list_orders(
    session: Session,
    *,
    buyer_id: uuid.UUID,
    group: str | None = None,
    number: str | None = None,
    cursor: str | None = None,
    length: int = LIST_LENGTH,
) -> Page[OrderRow]:
    """A page of the buyer's orders, newest first; `number` is a part of one, as typed. Raises CursorInvalidError."""
    wanted = "".join(filter(str.isalnum, number or "")).upper() or None
    query = fingerprint("buyer_orders", buyer_id, group, wanted)
    place = decode_cursor(cursor, query=query, kinds=(datetime, uuid.UUID))
    values: dict[str, Any] = {
        "buyer_id": buyer_id,
        "states": list(GROUPS[group]) if group else None,
        "number": wanted,
        "length": length + 1,
        "counted_max": COUNTED_MAX + 1,
    }
    statement = _FIRST
    if place is not None:
        values["placed_at"], values["id"] = place.values
        statement = _BEFORE if place.backwards else _AFTER
    found = session.execute(statement, values).all()
    rows = [
        OrderRow(
            row.id,
            row.number,
            row.status,
            row.currency,
            row.payable_minor,
            row.placed_at,
            row.first_name,
            row.picture,
            row.lines,
            row.platform_minor,
            row.platform_currency,
        )
        for row in found
    ]
    total = found[0].total if found else 0
    return page_of(
        rows,
        limit=length,
        cursor=place,
        key=lambda row: (row.placed_at, row.id),
        query=query,
        total=min(total, COUNTED_MAX),
        total_is_capped=total > COUNTED_MAX,
    )
