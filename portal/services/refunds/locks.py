"""Everything about the money of an order is decided behind one lock: the payment's row, then the order's."""

from __future__ import annotations

import uuid
from typing import Any

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

_PAYMENT = text("SELECT id FROM payment WHERE order_id = :order_id ORDER BY id FOR UPDATE")
_ORDER = text(
    """
    SELECT id, number, status, buyer_id, channel_id, currency, payable_minor, locale FROM orders
     WHERE id = :order_id FOR UPDATE
    """
)


def lock_order(session: Session, order_id: uuid.UUID) -> Row[Any] | None:
    """The order with its lock held; payment first, as settling an attempt does it. None when there is none."""
    session.execute(_PAYMENT, {"order_id": order_id})
    return session.execute(_ORDER, {"order_id": order_id}).one_or_none()
