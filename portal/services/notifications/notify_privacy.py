"""Whom his own data is about hears what becomes of it: by bell, and by mail where he may not come by for a while."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal import site
from portal.models import OutboxEvent, User
from portal.rules.notices import NoticeKind
from portal.services.notifications.write_mail import write_mail
from portal.services.notifications.write_notices import write_notices

PAGE = "/account/data"
KINDS = {
    "data_export.ready": NoticeKind.EXPORT_READY,
    "erasure.requested": NoticeKind.ERASURE_WANTED,
    "erasure.cancelled": NoticeKind.ERASURE_CANCELLED,
    "erasure.postponed": NoticeKind.ERASURE_POSTPONED,
}


def tell_of_export(session: Session, event: OutboxEvent, now: datetime) -> Collection[str]:
    """The file is ready."""
    _tell(session, event, event.payload["export"], event.payload["until"], now)
    return ()


def tell_of_erasure(session: Session, event: OutboxEvent, now: datetime) -> Collection[str]:
    """It is under way, was taken back, or has to wait."""
    _tell(session, event, f"{event.payload['erasure']}:{event.id}", event.payload["due_at"], now)
    return ["admin"]


def tell_admins_of_erasure(session: Session, event: OutboxEvent, now: datetime) -> Collection[str]:
    """One broke off: whoever runs the mall has promised it by a day."""
    write_notices(
        session,
        user_ids=session.scalars(select(User.id).where(User.roles.op("&&")(["admin"]))).all(),
        kind=NoticeKind.ERASURE_FAILED,
        params={},
        path="/admin/privacy",
        dedup_key=f"{NoticeKind.ERASURE_FAILED}:{event.payload['erasure']}:{event.id}",
        now=now,
    )
    return ["admin"]


def _tell(session: Session, event: OutboxEvent, key: str, day: str, now: datetime) -> None:
    kind = KINDS[event.kind]
    user = session.execute(select(User.id, User.email, User.name, User.locale).where(User.id == event.profile_id)).one()
    write_notices(
        session, user_ids=[user.id], kind=kind, params={"day": day[:10]}, path=PAGE, dedup_key=f"{kind}:{key}", now=now
    )
    write_mail(
        session,
        template="privacy",
        dedup_key=f"{kind}:{key}",
        recipient=user.email,
        user_id=user.id,
        locale=user.locale or "en",
        now=now,
        name=user.name,
        what=kind.value,
        day=datetime.fromisoformat(day).date(),
        link=site.address(PAGE),
    )
