"""Who hears of a refund: its buyer by mail and bell at each step, stores and administrators where they must act."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import Row, select, text
from sqlalchemy.orm import Session

from portal import site
from portal.models import Order, OutboxEvent, User
from portal.rules.notices import NoticeKind
from portal.rules.permissions import Permission, roles_with
from portal.services.notifications.write_mail import write_mail
from portal.services.notifications.write_notices import write_notices

_REFUND = text(
    """
    SELECT f.id, f.status, f.currency, f.total_minor, f.plan, f.reason, o.id AS order_id, o.number, o.buyer_id,
           o.locale, o.contact, c.code, c.brand, c.name AS channel_name,
           (SELECT a.reason FROM refund_approval a WHERE a.refund_id = f.id AND a.state = 'refused' LIMIT 1) AS refusal
      FROM refund f JOIN orders o ON o.id = f.order_id JOIN channel c ON c.id = o.channel_id
     WHERE f.id = :refund_id
    """
).columns(contact=Order.contact.type)
_WAITING = text(
    """
    SELECT a.store_id, array_remove(array_agg(m.user_id), NULL) AS members
      FROM refund_approval a LEFT JOIN store_member m ON m.store_id = a.store_id AND m.role = ANY(:roles)
     WHERE a.refund_id = :refund_id AND a.state = 'waiting' GROUP BY a.store_id
    """
)
_STORES = text(
    """
    SELECT p.id, p.store_id, array_agg(DISTINCT m.user_id) AS members
      FROM refund_line r LEFT JOIN order_line l ON l.id = r.line_id
      JOIN order_part p ON p.id = coalesce(r.part_id, l.part_id) JOIN store_member m ON m.store_id = p.store_id
       AND m.role = ANY(:roles)
     WHERE r.refund_id = :refund_id AND p.released_at IS NOT NULL GROUP BY p.id, p.store_id
    """
)

# What is told by mail too: what the buyer waits for, and what he must know of.
MAILED = frozenset({"approved", "refused", "succeeded", "failed"})


def ask_for_consent(session: Session, event: OutboxEvent, now: datetime) -> Collection[str]:
    """Stores and administrators whose consent is missing find the request behind their bell."""
    refund = _load(session, event)
    topics = {"admin"}
    for row in session.execute(_WAITING, {"refund_id": refund.id, "roles": roles_with(Permission.REFUND_HANDLE)}):
        path = f"/seller/refunds/{refund.id}" if row.store_id is not None else f"/admin/refunds/{refund.id}"
        people = row.members if row.store_id is not None else _approvers(session)
        _notice(session, refund, people, NoticeKind.REFUND_WANTED, path, now)
        if row.store_id is not None:
            topics.add(f"store:{row.store_id}")
    return topics


def tell_buyer_of_refund(session: Session, event: OutboxEvent, now: datetime) -> Collection[str]:
    """The buyer hears of each step in his own words: what goes back, that it is done, or why not."""
    refund = _load(session, event)
    step = event.kind.partition(".")[2]
    _notice(session, refund, [refund.buyer_id], NoticeKind(f"refund_{step}"), f"/orders/{refund.number}", now)
    contact = orjson.loads(refund.contact or "{}")
    if step in MAILED and contact.get("email"):
        write_mail(
            session,
            template="refund",
            dedup_key=f"refund_{step}:{refund.id}",
            recipient=contact["email"],
            user_id=refund.buyer_id,
            locale=refund.locale,
            now=now,
            step=step,
            refund=refund,
            name=contact.get("name") or contact["email"],
            link=site.address(f"/orders/{refund.number}", channel=refund.code),
        )
    return ()


def tell_sellers_of_refund(session: Session, event: OutboxEvent, now: datetime) -> Collection[str]:
    """Stores hear of what is given back of their parts before they send it."""
    refund = _load(session, event)
    parts = session.execute(_STORES, {"refund_id": refund.id, "roles": roles_with(Permission.REFUND_HANDLE)}).all()
    for part in parts:
        key = f"refund_of_part:{refund.id}:{part.id}"
        _notice(session, refund, part.members, NoticeKind.REFUND_OF_PART, f"/seller/orders/{part.id}", now, key=key)
    return [f"store:{part.store_id}" for part in parts]


def tell_desks_of_refund(session: Session, event: OutboxEvent, _now: datetime) -> Collection[str]:
    """Open pages of administrators and of the stores whose parts it is about fetch themselves anew."""
    values = {"refund_id": uuid.UUID(event.payload["refund"]), "roles": roles_with(Permission.REFUND_HANDLE)}
    parts = session.execute(_STORES, values)
    return ["admin", *(f"store:{part.store_id}" for part in parts)]


def tell_admins_of_refund(session: Session, event: OutboxEvent, now: datetime) -> Collection[str]:
    """A refund that failed, or is late, is an administrator's business at once (STR-04, REF-09)."""
    refund = _load(session, event)
    kind = NoticeKind.REFUND_FAILED_ADMIN if event.kind == "refund.failed" else NoticeKind.REFUND_LATE
    key = f"{kind}:{refund.id}:{event.id}"
    _notice(session, refund, _approvers(session), kind, f"/admin/refunds/{refund.id}", now, key=key)
    return ["admin"]


def _approvers(session: Session) -> Collection[uuid.UUID]:
    return session.scalars(select(User.id).where(User.roles.op("&&")(["admin", "finance"]))).all()


def _notice(
    session: Session,
    refund: Row[Any],
    people: Collection[uuid.UUID],
    kind: NoticeKind,
    path: str,
    now: datetime,
    *,
    key: str | None = None,
) -> None:
    write_notices(
        session,
        user_ids=people,
        kind=kind,
        params={"number": refund.number},
        path=path,
        dedup_key=key or f"{kind}:{refund.id}",
        now=now,
    )


def _load(session: Session, event: OutboxEvent) -> Row[Any]:
    return session.execute(_REFUND, {"refund_id": uuid.UUID(event.payload["refund"])}).one()
