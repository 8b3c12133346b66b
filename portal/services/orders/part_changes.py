"""Who changed a part last, and what: told to whoever acts on what he was shown before (row version, IDN-06)."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from portal.kit.errors import PortalError
from portal.kit.text import N_
from portal.models import OrderPart

# Of the same instant a move of the part says most.
_LAST = text(
    """
    SELECT actor, at, what FROM (
        SELECT actor, at, 'moved' AS what, 0 AS rank FROM transition
         WHERE subject = 'part' AND subject_id = CAST(:part_id AS text)
        UNION ALL
        SELECT a.actor, a.at, 'amended', 1 FROM order_part p JOIN audit_row a ON a.ref = 'order:' || p.order_id
         WHERE p.id = :part_id AND a.action = 'order:amended'
        UNION ALL
        SELECT shipped_by, shipped_at, 'sent', 2 FROM shipment WHERE part_id = :part_id
        UNION ALL
        SELECT f.requested_by, coalesce(f.approved_at, f.requested_at), 'gave_back', 3
          FROM order_part p JOIN refund f ON f.order_id = p.order_id WHERE p.id = :part_id
    ) changes ORDER BY at DESC, rank LIMIT 1
    """
)


class PartChangedError(PortalError):
    """Somebody else changed the part since it was shown. `by` is his label, `at` when, `state` what it is now.

    `what` he did: moved, amended (address or option), sent (a parcel) or gave_back.
    """

    code = "part_changed"
    status = 409
    sentence = N_("This order was changed meanwhile. Look at it again; nothing was changed by you.")

    def __init__(self, by: str, at: datetime, state: str, what: str = "moved") -> None:
        super().__init__()
        self.by, self.at, self.state, self.what = by, at, state, what


def refuse_changed(session: Session, *, part_id: uuid.UUID, version: int | None) -> None:
    """Raises PartChangedError when the part is not in the version that was shown; None was not shown any."""
    part = session.execute(select(OrderPart.status, OrderPart.version).where(OrderPart.id == part_id)).one()
    if version is None or version == part.version:
        return
    last = session.execute(_LAST, {"part_id": part_id}).one()
    raise PartChangedError(last.actor, last.at, part.status, last.what)
