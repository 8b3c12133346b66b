"""What may go out in exchange for a line of an order, and what exchanges of an order cost or gave back (ORD-005)."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from portal.queries.sellable import sellable


@dataclass(frozen=True, slots=True)
class OptionView:
    """Another option, how many of it can be promised now, and what one and the other cost; other goods have a name."""

    variant_id: int
    options: Sequence[Mapping[str, Any]]
    left: int
    was_minor: int
    is_minor: int
    name: Mapping[str, str] | None = None


# As many other goods as a list is read through.
OTHERS_MAX = 30


_OPTIONS = text(
    f"""
    SELECT l.id AS line_id, v.id AS variant_id, v.options,
           CASE WHEN v.product_id <> l.product_id THEN g.name END AS name,
           coalesce((SELECT sum(greatest({sellable("s", "o.channel_id")}, 0)) FROM stock s
                      WHERE s.variant_id = v.id), 0)::bigint AS "left", was.amount_minor AS was_minor,
           p.amount_minor AS is_minor
      FROM order_line l JOIN orders o ON o.id = l.order_id
      JOIN price was ON was.variant_id = l.variant_id AND was.channel_id = o.channel_id
      JOIN product b ON b.id = l.product_id
      JOIN LATERAL (
           SELECT x.id FROM variant x WHERE x.product_id = l.product_id
            UNION SELECT x.id FROM variant x WHERE x.id = ANY(CAST(:named AS bigint[]))
            UNION (SELECT x.id FROM product y JOIN variant x ON x.product_id = y.id AND x.state = 'active'
                    WHERE :others AND y.store_id = b.store_id AND y.section_id = b.section_id AND y.id <> b.id
                      AND y.state = 'active' ORDER BY y.id, x.position LIMIT :most)) c ON true
      JOIN variant v ON v.id = c.id AND v.id <> l.variant_id AND v.state = 'active'
      JOIN product g ON g.id = v.product_id AND (g.id = b.id OR g.state = 'active' AND g.store_id = b.store_id
                                                 AND g.section_id = b.section_id)
      JOIN price p ON p.variant_id = v.id AND p.channel_id = o.channel_id AND NOT p.is_off
       AND (p.amount_minor = was.amount_minor OR :any_price)
     WHERE l.id = ANY(:lines) ORDER BY v.product_id <> l.product_id, v.product_id, v.position, v.id
    """  # noqa: S608  # Our own fragment.
)


def options_of_lines(
    session: Session,
    *,
    line_ids: Sequence[uuid.UUID],
    any_price: bool = False,
    others: bool = False,
    others_named: Sequence[int] = (),
) -> dict[uuid.UUID, list[OptionView]]:
    """What each line may be instead: another option, for the same price or at any.

    With `others` also other goods of the same store and section, OTHERS_MAX at most, and of those in any case the
    variants of `others_named`: they bear the same tax.
    """
    found: dict[uuid.UUID, list[OptionView]] = {}
    values = {"lines": list(line_ids), "any_price": any_price, "others": others, "most": OTHERS_MAX}
    for row in session.execute(_OPTIONS, values | {"named": list(others_named)}):
        view = OptionView(row.variant_id, row.options, row.left, row.was_minor, row.is_minor, row.name)
        found.setdefault(row.line_id, []).append(view)
    return found


_TAX = text("SELECT id, tax_rate, tax_inclusive FROM order_line WHERE id = ANY(:ids)")


def tax_of_lines(session: Session, *, line_ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, tuple[Decimal, bool]]:
    """The rate of tax that each line bore, and whether its price held the tax."""
    rows = session.execute(_TAX, {"ids": list(line_ids)})
    return {row.id: (Decimal(row.tax_rate), row.tax_inclusive) for row in rows}


_LESS_BEFORE = text(
    """
    SELECT coalesce(sum(CASE WHEN g.refund_id IS NOT NULL THEN f.total_minor ELSE u.less END), 0)::bigint
      FROM goods_return g LEFT JOIN refund f ON f.id = g.refund_id
      JOIN LATERAL (SELECT coalesce(sum(greatest(x.was_minor - x.is_minor, 0)), 0) AS less FROM return_unit x
                     WHERE x.return_id = g.id AND x.state IN ('requested', 'approved', 'sent', 'received')) u ON true
     WHERE g.order_id = :order_id AND g.wish = 'exchange' AND g.status NOT IN ('refused', 'cancelled', 'lapsed')
    """
)


def given_back_by_exchanges(session: Session, *, order_id: uuid.UUID) -> int:
    """What exchanges for something cheaper have given back of an order, and those that are open may."""
    return int(session.execute(_LESS_BEFORE, {"order_id": order_id}).scalar_one())


_OF_PAYMENT = text(
    "SELECT g.number FROM return_payment r JOIN goods_return g ON g.id = r.return_id WHERE r.payment_id = :id"
)


def code_of_payment(session: Session, *, payment_id: uuid.UUID) -> str:
    """The number of the exchange that a payment was begun for."""
    return str(session.execute(_OF_PAYMENT, {"id": payment_id}).scalar_one())
