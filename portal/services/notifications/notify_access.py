"""Somebody hears by bell and mail when others change what he may do, or whether he can sign in (IDN-03, IDN-05)."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal import site
from portal.models import OutboxEvent, Store, User, UserState
from portal.rules.notices import NoticeKind
from portal.services.notifications.write_mail import write_mail
from portal.services.notifications.write_notices import write_notices

# Whoever is out reads it when he is in again.
_BELLS = {
    "account.roles_changed": NoticeKind.ROLES_CHANGED,
    "account.unblocked": NoticeKind.SIGN_IN_OPEN,
}


def tell_of_access(session: Session, event: OutboxEvent, now: datetime) -> Collection[str]:
    """A mail says what changed, never why: that is told by whoever is asked. A bell where he can hear it."""
    kind = _BELLS.get(event.kind)
    if kind is not None:
        _bell(session, event, kind, {}, "/account/security", now)
    _mail(session, event, event.kind.partition(".")[2], "", now)
    return ()


def tell_of_store_role(session: Session, event: OutboxEvent, now: datetime) -> Collection[str]:
    """The same of a store, by its name."""
    found = session.execute(select(Store.id, Store.name).where(Store.id == event.payload["store"])).one()
    gone = event.payload["role"] is None
    locale = session.scalar(select(User.locale).where(User.id == event.profile_id)) or "en"
    name = found.name.get(locale) or found.name.get("en") or next(iter(found.name.values()), "")
    kind = NoticeKind.STORE_LEFT if gone else NoticeKind.STORE_ROLE_CHANGED
    _bell(session, event, kind, {"store": name}, "/account" if gone else "/seller/", now)
    _mail(session, event, "store_left" if gone else "store_role", name, now)
    return ()


def _bell(
    session: Session, event: OutboxEvent, kind: NoticeKind, params: dict[str, str], path: str, now: datetime
) -> None:
    people: list[uuid.UUID] = [event.profile_id] if event.profile_id else []
    key = f"{kind}:{event.id}"
    write_notices(session, user_ids=people, kind=kind, params=params, path=path, dedup_key=key, now=now)


def _mail(session: Session, event: OutboxEvent, change: str, store: str, now: datetime) -> None:
    user = session.execute(
        select(User.id, User.email, User.name, User.locale).where(
            User.id == event.profile_id, User.state != UserState.CLOSED
        )
    ).one_or_none()
    if user is None:
        return
    write_mail(
        session,
        template="access_changed",
        dedup_key=f"event:{event.id}",
        recipient=user.email,
        user_id=user.id,
        locale=user.locale or "en",
        now=now,
        name=user.name,
        change=change,
        store=store,
        link=site.address("/account/security"),
    )
