"""Give a user points that can be spent at once."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy.orm import Session

from portal.kit.money import Money
from portal.rules.mileage import net_of_debt
from portal.rules.mileage_posting import mileage_granted
from portal.rules.permissions import Actor
from portal.rules.posting import POINTS, EntryKind
from portal.rules.step_up import StepUpAction
from portal.services.accounts.step_up import Binding, check_step_up
from portal.services.audit import AuditAction, Fact, record
from portal.services.ledger.post import post
from portal.services.mileage.take_back import owed_points
from portal.services.mileage.write_lot import write_lot


def grant_mileage(
    session: Session,
    *,
    user_id: uuid.UUID,
    points: int,
    source: str,
    idem_key: str,
    expires_at: datetime,
    actor: Actor,
    now: datetime,
    source_order_id: uuid.UUID | None = None,
) -> int:
    """Give `points` as one lot and return the entry. A second call with the key does nothing.

    What the person owes after a refund is paid first (REF-06); the lot holds the rest. An administrator's own grant is
    an adjustment: above the threshold it raises StepUpNeededError.
    """
    if points <= 0:
        raise ValueError("points are above zero")
    paid, kept = net_of_debt(points, owed=owed_points(session, user_id=user_id))
    entry_id, is_new = post(
        session,
        kind=EntryKind.MILEAGE_GRANTED,
        idem_key=idem_key,
        lines=mileage_granted(user_id=user_id, points=points, owed_points=paid),
        now=now,
        note=source,
    )
    if is_new:
        binding = Binding(f"mileage:{user_id}:{source}", Money(points, POINTS))
        check_step_up(session, actor=actor, action=StepUpAction.ADJUST_MILEAGE, binding=binding, now=now)
        write_lot(
            session,
            user_id=user_id,
            points=kept,
            source=source,
            source_order_id=source_order_id,
            expires_at=expires_at,
            now=now,
        )
        after = {"points": points, "source": source, "paid_debt": paid}
        record(
            session,
            Fact(AuditAction.MILEAGE_GRANTED, f"entry:{entry_id}", after=after),
            actor=actor,
            now=now,
        )
    return entry_id
