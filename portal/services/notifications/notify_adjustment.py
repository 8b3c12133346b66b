"""Who hears of corrections of balances: the second person who is wanted, and everybody whose balance moved (BAL-07)."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.models import Adjustment, OutboxEvent, User
from portal.rules.notices import NoticeKind
from portal.services.notifications.write_notices import write_notices


def ask_second_person(session: Session, event: OutboxEvent, now: datetime) -> Collection[str]:
    """A large correction waits for somebody else than its maker."""
    adjustment_id = uuid.UUID(event.payload["adjustment"])
    made_by = session.scalar(select(Adjustment.made_by).where(Adjustment.id == adjustment_id))
    deciding = select(User.id).where(User.roles.op("&&")(["admin", "finance"]), User.id != made_by)
    write_notices(
        session,
        user_ids=session.scalars(deciding).all(),
        kind=NoticeKind.ADJUSTMENT_WANTED,
        params={},
        path=f"/admin/adjustments/{adjustment_id}",
        dedup_key=f"adjustment_wanted:{adjustment_id}",
        now=now,
    )
    return ["admin"]


def tell_owner_of_correction(session: Session, event: OutboxEvent, now: datetime) -> Collection[str]:
    """The owner hears that a balance was corrected; its history says by how much."""
    if event.profile_id is not None:
        payload = event.payload
        write_notices(
            session,
            user_ids=[event.profile_id],
            kind=NoticeKind.BALANCE_ADJUSTED,
            params={},
            path=f"/account/balances/{payload['kind']}/{payload['currency']}",
            dedup_key=f"balance_adjusted:{payload['about']}",
            now=now,
        )
    return ()
