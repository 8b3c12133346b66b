"""Administrators hear of differences that a run has found (BAL-11)."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal import site
from portal.models import OutboxEvent, User
from portal.rules.notices import NoticeKind
from portal.services.notifications.write_mail import write_mails
from portal.services.notifications.write_notices import write_notices

PATH = "/admin/reconciliation"


def tell_admins_of_differences(session: Session, event: OutboxEvent, now: datetime) -> Collection[str]:
    """By bell and by mail, once for a run."""
    told = select(User.id, User.email, User.name, User.locale).where(User.roles.op("&&")(["admin", "finance"]))
    people = session.execute(told).all()
    write_notices(
        session,
        user_ids=[person.id for person in people],
        kind=NoticeKind.BOOKS_DIFFER,
        params={"opened": event.payload["opened"]},
        path=PATH,
        dedup_key=f"books_differ:{event.subject}",
        now=now,
    )
    write_mails(
        session,
        people=people,
        template="books_differ",
        dedup_key=f"event:{event.id}",
        now=now,
        opened=event.payload["opened"],
        link=site.address(PATH),
    )
    return ["admin"]
