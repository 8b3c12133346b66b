"""Administrators hear of exchange rates that did not come or cannot be used."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.models import OutboxEvent, User
from portal.rules.notices import NoticeKind
from portal.services.notifications.write_notices import write_notices

KINDS = {
    "rates.refused": NoticeKind.RATES_REFUSED,
    "rates.missing": NoticeKind.RATES_MISSING,
    "rates.jumped": NoticeKind.RATE_JUMPED,
    "rates.stale": NoticeKind.RATE_STALE,
}


def tell_admins_of_rates(session: Session, event: OutboxEvent, now: datetime) -> Collection[str]:
    """By bell, once a day for the same trouble: the feed is asked every hour."""
    facts = dict(event.payload)
    told = select(User.id).where(User.roles.op("&&")(["admin", "finance", "operations"]))
    write_notices(
        session,
        user_ids=session.scalars(told).all(),
        kind=KINDS[event.kind],
        params=facts,
        path="/admin/rates",
        dedup_key=f"{event.kind}:{facts.get('problem') or facts.get('currency')}:{event.created_at.date()}",
        now=now,
    )
    return ["admin"]
