"""Who hears of a seller's part on its way: the store's members of holds, open desks of each move."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.models import OutboxEvent, User
from portal.queries.store_members import members_with
from portal.rules.notices import NoticeKind
from portal.rules.permissions import Permission
from portal.services.notifications.write_notices import write_notices

_TOLD = {"part.held": NoticeKind.PART_HELD, "part.hold_ended": NoticeKind.PART_GOES_ON}


def tell_desks_of_part(_session: Session, event: OutboxEvent, _now: datetime) -> Collection[str]:
    """Open pages of the store and of administrators fetch themselves anew."""
    return [f"store:{event.payload['store']}", "admin"]


def tell_store_of_hold(session: Session, event: OutboxEvent, now: datetime) -> Collection[str]:
    """The store's members hear of a hold and of its end, except whoever did it."""
    store_id = int(event.payload["store"])
    topics = [f"store:{store_id}", "admin"]
    if not event.payload.get("goes_on", True):
        return topics
    members = session.scalars(members_with(store_id, Permission.STORE_ORDER_FULFIL)).all()
    kind = _TOLD[event.kind]
    write_notices(
        session,
        user_ids=[one for one in members if f"user:{one}" != event.payload["by"]],
        kind=kind,
        params={"number": event.payload["number"]},
        path=f"/seller/orders/{event.payload['part']}",
        dedup_key=f"{kind}:{event.id}",
        now=now,
    )
    return topics


def tell_of_deadlines(session: Session, event: OutboxEvent, now: datetime) -> Collection[str]:
    """One line for a store's members, however many orders wait; of missed ones administrators hear too (ORD-11)."""
    store_id = int(event.payload["store"])
    kind = NoticeKind(event.kind.removeprefix("part."))
    members = session.scalars(members_with(store_id, Permission.STORE_ORDER_FULFIL)).all()
    params = {"count": event.payload["count"], "step": event.payload["step"]}
    write_notices(
        session,
        user_ids=members,
        kind=kind,
        params=params,
        path="/seller/orders?view=action" if event.payload["step"] == "accept" else "/seller/orders?view=to_send",
        dedup_key=f"{kind}:{event.id}",
        now=now,
    )
    if kind is NoticeKind.DEADLINE_MISSED:
        admins = session.scalars(select(User.id).where(User.roles.op("&&")(["admin", "operations"]))).all()
        key = f"{kind}:{event.id}"
        write_notices(
            session, user_ids=admins, kind=kind, params=params, path="/admin/fulfilment", dedup_key=key, now=now
        )
    return [f"store:{store_id}", "admin"]


def tell_of_amendment(session: Session, event: OutboxEvent, now: datetime) -> Collection[str]:
    """The store hears that address or option changed before it packs; the buyer too when it was not himself."""
    store_id, number = int(event.payload["store"]), event.payload["number"]
    kind = NoticeKind.ORDER_AMENDED
    members = session.scalars(members_with(store_id, Permission.STORE_ORDER_FULFIL)).all()
    told = [(members, f"/seller/orders/{event.payload['part']}", f"{kind}:{event.id}")]
    if event.payload["by_mall"] and event.profile_id is not None:
        told.append(([event.profile_id], f"/orders/{number}", f"{kind}:buyer:{event.id}"))
    for people, path, key in told:
        write_notices(session, user_ids=people, kind=kind, params={"number": number}, path=path, dedup_key=key, now=now)
    return [f"store:{store_id}", "admin"]
