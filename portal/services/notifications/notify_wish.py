"""Whoever wished for something hears that it is there again, or costs less (CAT-03)."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.orm import Session

from portal.models import OutboxEvent
from portal.rules.notices import NoticeKind
from portal.services.notifications.write_notices import write_notices

_NAME = text("SELECT p.name FROM variant v JOIN product p ON p.id = v.product_id WHERE v.id = :variant_id")


def tell_wisher(session: Session, event: OutboxEvent, now: datetime) -> Collection[str]:
    """Once for each change."""
    payload = event.payload
    kind = NoticeKind.WISH_IN_STOCK if event.kind == "wish.back" else NoticeKind.WISH_CHEAPER
    name = session.scalar(_NAME, {"variant_id": int(payload["variant"])})
    write_notices(
        session,
        user_ids=[uuid.UUID(payload["user"])],
        kind=kind,
        params={"name": name, "amount_minor": payload["amount_minor"], "currency": payload["currency"]},
        path="/account/wishes",
        dedup_key=f"{kind}:{event.id}",
        now=now,
    )
    return ()
