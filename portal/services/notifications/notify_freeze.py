"""Who hears that an account was frozen or cleared: its owner, by bell and mail; why, only in what he is told by us."""

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


def tell_owner_of_freeze(session: Session, event: OutboxEvent, now: datetime) -> Collection[str]:
    """The owner may look and ask; he should hear of it from us, not at a till."""
    is_frozen = event.kind == "account.frozen"
    user = session.execute(select(User.id, User.email, User.name, User.locale).where(User.id == event.profile_id)).one()
    write_notices(
        session,
        user_ids=[user.id],
        kind=NoticeKind.ACCOUNT_FROZEN if is_frozen else NoticeKind.ACCOUNT_CLEARED,
        params={},
        path="/account/balances",
        dedup_key=f"{event.kind}:{event.payload['freeze']}",
        now=now,
    )
    write_mail(
        session,
        template="account_freeze",
        dedup_key=f"{event.kind}:{event.payload['freeze']}",
        recipient=user.email,
        user_id=user.id,
        locale=user.locale or "en",
        now=now,
        name=user.name,
        is_frozen=is_frozen,
        link=site.address("/account"),
    )
    return ["admin"]
