"""Who asked for a list as a file hears that it is there, or that it could not be made (ANA-03)."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from datetime import datetime

from sqlalchemy.orm import Session

from portal import site
from portal.models import ListExport, OutboxEvent, User
from portal.rules.notices import NoticeKind
from portal.services.notifications.write_mail import write_mail
from portal.services.notifications.write_notices import write_notices


def tell_of_list(session: Session, event: OutboxEvent, now: datetime) -> Collection[str]:
    """By bell, wherever he is by now; a report that comes regularly by mail, too."""
    export = session.get_one(ListExport, uuid.UUID(event.subject.partition(":")[2]))
    is_ready = event.kind == "list_export.ready"
    write_notices(
        session,
        user_ids=[export.made_by],
        kind=NoticeKind.LIST_READY if is_ready else NoticeKind.LIST_FAILED,
        params={"name": export.name, "day": (event.payload["until"] if is_ready else now.isoformat())[:10]},
        path=f"/admin/exports/{export.id}",
        dedup_key=f"{event.kind}:{export.id}",
        now=now,
    )
    if is_ready and export.plan_id is not None:
        _mail(session, export, now)
    return ["admin"]


def _mail(session: Session, export: ListExport, now: datetime) -> None:
    """A report that comes by itself comes by mail, too."""
    user = session.get_one(User, export.made_by)
    write_mail(
        session,
        template="report",
        dedup_key=f"report:{export.id}",
        recipient=user.email,
        user_id=user.id,
        locale=export.locale,
        now=now,
        name=user.name,
        file=export.name,
        rows=export.done,
        link=site.address(f"/admin/exports/{export.id}"),
    )
