"""A store's owners hear at once, by bell and by mail, that its money goes elsewhere from now on (BAL-13)."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal import site
from portal.models import OutboxEvent, Store, StoreMember, User
from portal.rules.notices import NoticeKind
from portal.services.notifications.write_mail import write_mails
from portal.services.notifications.write_notices import write_notices


def tell_owners_of_bank(session: Session, event: OutboxEvent, now: datetime) -> Collection[str]:
    """Whoever did not do it himself must hear of it while payouts still wait."""
    store_id = int(event.subject.partition(":")[2])
    store = session.execute(select(Store.name, Store.slug).where(Store.id == store_id)).one()
    people = session.execute(
        select(User.id, User.email, User.name, User.locale)
        .join(StoreMember, StoreMember.user_id == User.id)
        .where(StoreMember.store_id == store_id, StoreMember.role == "owner", User.state == "active")
    ).all()
    path = f"/seller/bank?store={store.slug}"
    write_notices(
        session,
        user_ids=[person.id for person in people],
        kind=NoticeKind.BANK_CHANGED,
        params={},
        path=path,
        dedup_key=f"bank_changed:{event.id}",
        now=now,
    )
    write_mails(
        session,
        people=people,
        template="bank_changed",
        dedup_key=f"event:{event.id}",
        now=now,
        store=store.name,
        link=site.address(path),
    )
    return [f"store:{store_id}"]
