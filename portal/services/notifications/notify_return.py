"""Who hears of a return: its buyer by mail and bell, its store where it must act, open pages of each move."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from portal import site
from portal.models import Order, OutboxEvent
from portal.queries.store_members import members_with
from portal.rules.notices import NoticeKind
from portal.rules.permissions import Permission
from portal.services.notifications.write_mail import write_mail
from portal.services.notifications.write_notices import write_notices

_RETURN = text(
    """
    SELECT g.id, g.number AS code, g.kind, g.wish, g.way_back, g.status, g.answer, g.inspection_note, g.send_by,
           o.currency,
           CASE WHEN g.wish = 'exchange' AND g.more_entry_id IS NULL THEN g.pay_by END AS pay_by,
           (SELECT coalesce(sum(u.more_minor), 0) FROM return_unit u
             WHERE u.return_id = g.id AND u.state = 'accepted')::bigint AS more_minor,
           g.store_id, g.requested_by, s.name AS store_name, o.number, o.buyer_id, o.locale, o.contact,
           c.code AS channel, c.brand, c.name AS channel_name, c.time_zone,
           (SELECT count(*) FROM return_unit u WHERE u.return_id = g.id AND u.state = 'rejected') AS rejected
      FROM goods_return g JOIN orders o ON o.id = g.order_id JOIN channel c ON c.id = o.channel_id
      JOIN store s ON s.id = g.store_id
     WHERE g.id = :id
    """
).columns(contact=Order.contact.type)

# What the buyer must act on, or waits for. That it is done he hears with the refund or the parcel.
MAILED = frozenset({"approved", "refused", "received", "inspected", "lapsed"})
_STORE_BELLS = {"requested": NoticeKind.RETURN_WANTED, "sent": NoticeKind.RETURN_COMES, "paid": NoticeKind.RETURN_PAID}


def tell_buyer_of_return(session: Session, event: OutboxEvent, now: datetime) -> Collection[str]:
    """The buyer hears of each step once."""
    case = _load(session, event)
    step = event.kind.partition(".")[2]
    _notice(session, case, [case.buyer_id], NoticeKind(f"return_{step}"), f"/returns/{case.code}", now)
    contact = orjson.loads(case.contact or "{}")
    if step in MAILED and contact.get("email"):
        write_mail(
            session,
            template="return",
            dedup_key=f"return_{step}:{case.id}",
            recipient=contact["email"],
            user_id=case.buyer_id,
            locale=case.locale,
            now=now,
            step=step,
            case=case,
            name=contact.get("name") or contact["email"],
            link=site.address(f"/returns/{case.code}", channel=case.channel),
        )
    return ()


def tell_store_of_return(session: Session, event: OutboxEvent, now: datetime) -> Collection[str]:
    """The store's members hear of what waits for them, except whoever asked for it; open pages of every move."""
    case = _load(session, event)
    step = event.kind.partition(".")[2]
    kind = _STORE_BELLS.get(step)
    if kind is not None:
        permission = Permission.RETURN_RECEIVE if step == "sent" else Permission.REFUND_HANDLE
        members = session.scalars(members_with(case.store_id, permission)).all()
        people = [one for one in members if f"user:{one}" != case.requested_by]
        kind = NoticeKind.CLAIM_WANTED if case.kind == "claim" else kind
        _notice(session, case, people, kind, f"/seller/returns/{case.id}", now)
    return [f"store:{case.store_id}", "admin"]


def _notice(
    session: Session, case: Row[Any], people: Collection[uuid.UUID], kind: NoticeKind, path: str, now: datetime
) -> None:
    params = {"number": case.number, "code": case.code}
    key = f"{kind}:{case.id}"
    write_notices(session, user_ids=people, kind=kind, params=params, path=path, dedup_key=key, now=now)


def _load(session: Session, event: OutboxEvent) -> Row[Any]:
    return session.execute(_RETURN, {"id": uuid.UUID(event.payload["return"])}).one()
