"""Administrators hear of a dispute when it opens, when its last day begins, and how it ended (STR-05)."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.models import OutboxEvent, User
from portal.rules.notices import NoticeKind
from portal.services.notifications.write_notices import write_notices

KINDS = {
    "dispute.opened": NoticeKind.DISPUTE_OPENED,
    "dispute.due": NoticeKind.DISPUTE_DUE,
    "dispute.closed": NoticeKind.DISPUTE_CLOSED,
    "dispute.answer_refused": NoticeKind.DISPUTE_ANSWER_REFUSED,
}


def tell_admins_of_dispute(session: Session, event: OutboxEvent, now: datetime) -> Collection[str]:
    """By bell, to whoever may answer it."""
    told = select(User.id).where(User.roles.op("&&")(["admin", "finance", "risk"]))
    write_notices(
        session,
        user_ids=session.scalars(told).all(),
        kind=KINDS[event.kind],
        params={"number": event.payload["number"] or "—"},
        path=f"/admin/disputes/{event.payload['dispute']}",
        dedup_key=f"{event.kind}:{event.id}",
        now=now,
    )
    return ["admin"]
