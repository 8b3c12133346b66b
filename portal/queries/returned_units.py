"""How many units of an order's lines are in returns: what is asked back twice is asked back once too often."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.orm import Session

# A unit that was taken counts as open until its money is decided, or what goes out for it has left.
_UNITS = text(
    """
    SELECT u.line_id,
           count(*) FILTER (WHERE u.state <> 'accepted' OR g.wish = 'refund' OR g.status <> 'settled') AS open_units,
           count(*) FILTER (WHERE u.state = 'accepted' AND g.wish = 'exchange' AND g.status = 'settled') AS exchanged
      FROM return_unit u JOIN goods_return g ON g.id = u.return_id LEFT JOIN refund f ON f.id = g.refund_id
     WHERE g.order_id = :order_id
       AND (u.state IN ('requested', 'approved', 'sent', 'received')
            OR u.state = 'accepted' AND (g.wish <> 'refund' OR f.status = 'requested'))
     GROUP BY u.line_id
    """
)


@dataclass(frozen=True, slots=True)
class InReturns:
    """Units of a line in returns that are open, and units that were exchanged for another option."""

    open_units: int
    exchanged: int


def units_in_returns(session: Session, *, order_id: uuid.UUID) -> dict[uuid.UUID, InReturns]:
    """By line; lines of which nothing is in a return are left out."""
    rows = session.execute(_UNITS, {"order_id": order_id})
    return {row.line_id: InReturns(row.open_units, row.exchanged) for row in rows}
