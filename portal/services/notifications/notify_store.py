"""Mails of a store to its people: that its money goes elsewhere from now on (BAL-13), and who shall work for it."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal import site
from portal.models import OutboxEvent, Store, StoreInvitation
from portal.queries.store_members import load_invitation, people_with
from portal.rules.notices import NoticeKind
from portal.rules.permissions import Permission
from portal.services.accounts.invite_member import invitation_link
from portal.services.notifications.write_mail import write_mail, write_mails
from portal.services.notifications.write_notices import write_notices


def tell_owners_of_bank(session: Session, event: OutboxEvent, now: datetime) -> Collection[str]:
    """Whoever did not do it himself must hear of it while payouts still wait."""
    store_id = int(event.subject.partition(":")[2])
    store = session.execute(select(Store.name, Store.slug).where(Store.id == store_id)).one()
    people = people_with(session, store_id=store_id, permission=Permission.STORE_BANK_EDIT)
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


def mail_invitation(session: Session, event: OutboxEvent, now: datetime) -> Collection[str]:
    """Whoever is asked to work for a store gets the link that he answers by; nothing once it is over."""
    invitation_id = uuid.UUID(event.subject.partition(":")[2])
    found = load_invitation(session, invitation_id=invitation_id)
    token = invitation_link(session, invitation_id=invitation_id)
    if found is None or token is None:
        return ()
    locale = session.scalar(select(StoreInvitation.locale).where(StoreInvitation.id == invitation_id)) or "en"
    write_mail(
        session,
        template="store_invitation",
        dedup_key=f"event:{event.id}",
        recipient=found.email,
        user_id=None,
        locale=locale,
        now=now,
        store=found.store,
        role=found.role,
        invited_by=found.invited_by,
        link=site.address(f"/account/store-invitations/{token}"),
    )
    return ()
