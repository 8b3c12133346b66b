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
from portal.models.order import UNDER_WAY

LIST_LENGTH = 20
COUNTED_MAX = 1_000

# What buyers filter by, in their words; every state is in exactly one group, but for those of which a part was given
# back: they are under way or done, as what is left of them.
GROUPS: Mapping[str, tuple[str, ...]] = {
    "open": ("pending",),
    "under_way": ("paid", "shipped"),
    "done": ("delivered",),
    "ended": ("cancelled", "failed", "expired", "refunded"),
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
    expires_at: datetime | None = None
    fraud_hold: bool = False
    # Of each part its state, and whether something of it has left.
    parts: tuple[tuple[str, bool], ...] = ()
    # When what is under way should arrive: the first and the last day of all stores.
    arrives_from: datetime | None = None
    arrives_until: datetime | None = None


# The mark of a page and its rows come in one statement; numbers are compared without hyphens.
_LIST = """
    WITH mine AS (
        SELECT o.id, o.number, o.status, o.currency, o.payable_minor, o.placed_at, o.platform_minor,
               o.platform_currency, o.expires_at, o.fraud_hold
          FROM orders o
         WHERE o.buyer_id = :buyer_id
           AND (CAST(:states AS text[]) IS NULL
                OR CASE o.status WHEN 'partially_refunded' THEN :group = CASE WHEN EXISTS (
                        SELECT FROM order_part p WHERE p.order_id = o.id AND p.status = ANY(:open))
                   THEN 'under_way' ELSE 'done' END
                   ELSE o.status = ANY(:states) END)
           AND (CAST(:number AS text) IS NULL OR position(:number IN replace(o.number, '-', '')) > 0)
    )
    SELECT m.*, f.name AS first_name, f.picture, f.lines, g.parts, g.arrives_from, g.arrives_until,
           (SELECT count(*) FROM (SELECT FROM mine LIMIT :counted_max) c) AS total
      FROM (SELECT * FROM mine {where} ORDER BY placed_at {direction}, id {direction} LIMIT :length) m
      JOIN LATERAL (SELECT l.name, l.picture, count(*) OVER () AS lines FROM order_line l
                     WHERE l.order_id = m.id ORDER BY l.position LIMIT 1) f ON true
      JOIN LATERAL (SELECT jsonb_agg(jsonb_build_array(p.status, EXISTS (
                               SELECT FROM order_line l WHERE l.part_id = p.id AND l.shipped_quantity > 0))) AS parts,
                           min(coalesce(p.deliver_from, p.deliver_until)) FILTER (WHERE p.status = ANY(:open))
                               AS arrives_from,
                           max(p.deliver_until) FILTER (WHERE p.status = ANY(:open)) AS arrives_until
                      FROM order_part p WHERE p.order_id = m.id) g ON true
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
        "group": group,
        "open": list(UNDER_WAY),
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
            row.expires_at,
            row.fraud_hold,
            tuple((status, has_left) for status, has_left in row.parts or ()),
            row.arrives_from,
            row.arrives_until,
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
