"""What becomes of a return whose refund somebody had to agree to (REF-02): settled, or its goods go back."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from portal.models import GoodsReturn, Refund
from portal.rules.permissions import SYSTEM
from portal.rules.refund_policy import Party
from portal.rules.returns import ReturnKind
from portal.services.returns.inspect_return import restock_units, settle_if_done
from portal.services.returns.take_return import move_return, move_units, take_return, tell

_WHY = text(
    """
    SELECT reason FROM refund_approval WHERE refund_id = :id AND state = 'refused' AND reason IS NOT NULL
     ORDER BY decided_at DESC LIMIT 1
    """
)


def follow_refund_of_return(session: Session, *, refund_id: uuid.UUID, now: datetime) -> None:
    """Take a case on once its refund is decided; safe to run again.

    Agreed to: what can be sold stands on the shelf, and the case is done. Refused: what came is to be sent back to its
    buyer, who reads why; of a claim nothing came, and it is refused.
    """
    return_id = session.scalar(select(GoodsReturn.id).where(GoodsReturn.refund_id == refund_id))
    if return_id is None:
        return
    taken = take_return(session, return_id=return_id, actor=SYSTEM, party=Party.ADMIN)
    case, status = taken.case, session.scalar(select(Refund.status).where(Refund.id == refund_id))
    if case.status != "inspected" or status == "requested":
        return
    units = taken.in_state("accepted")
    if status not in {"refused", "cancelled"}:
        restock_units(session, units, now=now)
        settle_if_done(session, taken, actor=SYSTEM, now=now)
        return
    case.refund_id = None
    reason = session.scalar(_WHY, {"id": refund_id})
    if case.kind == ReturnKind.CLAIM:
        case.answer, case.closed_at = reason, now
        move_units(session, units, "refused", actor=SYSTEM, now=now)
        move_return(session, taken, "refused", actor=SYSTEM, now=now, reason=reason)
        return
    case.inspection_note = reason or case.inspection_note
    case.version += 1
    for one in units:
        one.to_restock = False
    move_units(session, units, "rejected", actor=SYSTEM, now=now)
    tell(session, case, taken.order, now=now)
