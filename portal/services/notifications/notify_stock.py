"""A store's members hear, by bell and by mail, of goods that run low (ORD-10)."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal import site
from portal.models import OutboxEvent, Store
from portal.queries.store_members import people_with
from portal.rules.notices import NoticeKind
from portal.rules.permissions import Permission
from portal.services.notifications.write_mail import write_mails
from portal.services.notifications.write_notices import write_notices


def tell_store_of_low_stock(session: Session, event: OutboxEvent, now: datetime) -> Collection[str]:
    """One line and one mail for a store's members, however many goods have fallen to their marks."""
    store_id = int(event.payload["store"])
    store = session.execute(select(Store.name, Store.slug).where(Store.id == store_id)).one()
    people = people_with(session, store_id=store_id, permission=Permission.STOCK_EDIT)
    path = f"/seller/stock?view=low&store={store.slug}"
    write_notices(
        session,
        user_ids=[person.id for person in people],
        kind=NoticeKind.STOCK_LOW,
        params={"count": event.payload["count"]},
        path=path,
        dedup_key=f"stock_low:{event.id}",
        now=now,
    )
    write_mails(
        session,
        people=people,
        template="stock_low",
        dedup_key=f"event:{event.id}",
        now=now,
        store=store.name,
        count=event.payload["count"],
        goods=event.payload["goods"],
        link=site.address(path),
    )
    return [f"store:{store_id}"]
