"""Who runs the house hears that changes come late to other channels, and that they come in time again (CHN-08)."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.models import User
from portal.rules.notices import NoticeKind
from portal.services.notifications.write_notices import write_notices


def tell_of_lag(session: Session, *, incident_id: int, code: str, seconds: int, is_over: bool, now: datetime) -> None:
    """By bell, once when it begins and once when it is over. `code` is the channel's, empty for the house's own."""
    people = session.scalars(select(User.id).where(User.roles.op("&&")(["admin", "operations"]))).all()
    write_notices(
        session,
        user_ids=people,
        kind=NoticeKind.CHANGES_IN_TIME if is_over else NoticeKind.CHANGES_LATE,
        params={"code": code or "–", "seconds": seconds},
        path=f"/admin/propagation?channel={code}" if code else "/admin/propagation",
        dedup_key=f"lag:{incident_id}:{'over' if is_over else 'begun'}",
        now=now,
    )
