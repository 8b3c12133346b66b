"""Decide about an order that a rule holds, and close the case that waited for nothing else (ORD-002, FRD-06)."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy.orm import Session

from portal.rules.permissions import Actor
from portal.services.cases.close_by_review import close_by_review
from portal.services.orders.review_order import Decision, Reviewed, review_order


def decide_review(
    session: Session,
    *,
    order_id: uuid.UUID,
    decision: Decision,
    reason: str,
    note: str,
    version: int | None,
    actor: Actor,
    now: datetime,
) -> Reviewed:
    """Clear or refuse it. `version` is that which the reviewer was shown. Raises what review_order() raises."""
    why = f"{reason}: {note.strip()}" if note.strip() else reason
    reviewed = review_order(
        session, order_id=order_id, decision=decision, reason=why, actor=actor, now=now, version=version
    )
    close_by_review(session, order_id=order_id, actor=actor, now=now)
    return reviewed
