"""Who owns a webhook hears that it was switched off (API-02)."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.models import OutboxEvent, Store, User, WebhookEndpoint
from portal.queries.store_members import members_with
from portal.rules.notices import NoticeKind
from portal.rules.permissions import Permission
from portal.services.notifications.write_notices import write_notices


def tell_of_stopped_webhook(session: Session, event: OutboxEvent, now: datetime) -> Collection[str]:
    """By bell: the store's members, the person, or who runs the house."""
    endpoint_id = uuid.UUID(event.subject.partition(":")[2])
    row = session.execute(
        select(WebhookEndpoint.name, WebhookEndpoint.store_id, WebhookEndpoint.user_id, Store.slug)
        .outerjoin(Store, Store.id == WebhookEndpoint.store_id)
        .where(WebhookEndpoint.id == endpoint_id)
    ).one()
    if row.store_id is not None:
        people = session.scalars(members_with(row.store_id, Permission.WEBHOOK_MANAGE)).all()
        path = f"/seller/webhooks/{endpoint_id}?store={row.slug}"
    elif row.user_id is not None:
        people, path = [row.user_id], "/account/notices"
    else:
        people = session.scalars(select(User.id).where(User.roles.op("&&")(["admin", "operations"]))).all()
        path = f"/admin/webhooks/{endpoint_id}"
    write_notices(
        session,
        user_ids=people,
        kind=NoticeKind.WEBHOOK_STOPPED,
        params={"name": row.name},
        path=path,
        dedup_key=f"{event.kind}:{event.id}",
        now=now,
    )
    return ["admin"] if row.store_id is None else [f"store:{row.store_id}"]
