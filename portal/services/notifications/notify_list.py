"""Who asked for a list as a file hears that it is there, or that it could not be made (ANA-03)."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from datetime import datetime

from sqlalchemy.orm import Session

from portal.models import ListExport, OutboxEvent
from portal.rules.notices import NoticeKind
from portal.services.notifications.write_notices import write_notices


def tell_of_list(session: Session, event: OutboxEvent, now: datetime) -> Collection[str]:
    """By bell, wherever he is by now."""
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
    return ["admin"]
