"""What of an order can still be changed before it is packed (ORD-06)."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from portal.models import Order
from portal.queries.exchange_options import OptionView, options_of_lines
from portal.queries.store_order import PAID_STATES, address_of
from portal.rules.refund_policy import CANCEL_ALONE


@dataclass(frozen=True, slots=True)
class AmendableLine:
    """A line of which nothing is packed, with the options of the same price."""

    id: uuid.UUID
    name: Mapping[str, str]
    options: Sequence[Mapping[str, Any]]
    units: int
    choices: tuple[OptionView, ...]


@dataclass(frozen=True, slots=True)
class Amendable:
    """An order with the version that it is shown in; `address_open` says whether all of it can still go elsewhere."""

    id: uuid.UUID
    number: str
    buyer_id: uuid.UUID
    version: int
    address: Mapping[str, str]
    address_open: bool
    lines: tuple[AmendableLine, ...]

    @property
    def is_open(self) -> bool:
        return self.address_open or any(line.choices for line in self.lines)


_LINES = text(
    """
    SELECT l.id, l.name, l.options, l.quantity - l.refunded_quantity AS units, l.shipped_quantity, p.status,
           EXISTS (SELECT FROM order_hold h WHERE h.part_id = p.id AND h.released_at IS NULL AND h.kind <> 'seller')
               AS is_stopped
      FROM order_line l JOIN order_part p ON p.id = l.part_id
     WHERE l.order_id = :order_id AND p.status <> 'cancelled' ORDER BY p.position, l.position
    """
)


def load_amendable(session: Session, *, number: str, for_mall: bool) -> Amendable | None:
    """The order by its number. Whose it is, the caller checks; the decision is the service's, behind its lock."""
    columns = (Order.id, Order.number, Order.buyer_id, Order.version, Order.address, Order.status)
    order = session.execute(select(*columns).where(Order.number == number.upper())).one_or_none()
    if order is None:
        return None
    allowed = CANCEL_ALONE | {"packed"} if for_mall else CANCEL_ALONE
    rows = session.execute(_LINES, {"order_id": order.id}).all() if order.status in PAID_STATES else []
    fit = [row for row in rows if row.status in allowed and (for_mall or not row.is_stopped)]
    open_lines = [row for row in fit if row.units > 0 and not row.shipped_quantity]
    choices = options_of_lines(session, line_ids=[row.id for row in open_lines]) if open_lines else {}
    return Amendable(
        id=order.id,
        number=order.number,
        buyer_id=order.buyer_id,
        version=order.version,
        address=address_of(order.address),
        address_open=bool(rows) and len(fit) == len(rows),
        lines=tuple(
            AmendableLine(row.id, row.name, row.options, row.units, tuple(choices.get(row.id, ())))
            for row in open_lines
        ),
    )
