"""Who hears of a payment that is only held and may lapse: its buyer by mail and bell, and whoever can do something."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from datetime import datetime

import orjson
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from portal import site
from portal.models import Order, OutboxEvent, User
from portal.rules.notices import NoticeKind
from portal.services.notifications.write_mail import write_mail
from portal.services.notifications.write_notices import write_notices

_ORDER = text(
    """
    SELECT o.id, o.number, o.buyer_id, o.locale, o.contact, o.currency, p.amount_minor, c.code, c.brand,
           c.name AS channel_name
      FROM orders o JOIN payment p ON p.order_id = o.id JOIN channel c ON c.id = o.channel_id
     WHERE o.id = :order_id
    """
).columns(contact=Order.contact.type)


def tell_of_hold(session: Session, event: OutboxEvent, now: datetime) -> Collection[str]:
    """That a hold ends within a day, or has ended."""
    order = session.execute(_ORDER, {"order_id": uuid.UUID(event.subject.partition(":")[2])}).one()
    is_lost = event.kind == "payment.hold_lost"
    told = [
        (NoticeKind.HOLD_LOST if is_lost else NoticeKind.HOLD_ENDING, [order.buyer_id], f"/orders/{order.number}"),
        (
            NoticeKind.HOLD_LOST_ADMIN if is_lost else NoticeKind.HOLD_ENDING_ADMIN,
            session.scalars(select(User.id).where(User.roles.op("&&")(["admin", "finance"]))).all(),
            f"/admin/orders/{order.number}",
        ),
    ]
    for kind, people, path in told:
        write_notices(
            session,
            user_ids=people,
            kind=kind,
            params={"number": order.number},
            path=path,
            dedup_key=f"{kind}:{order.id}",
            now=now,
        )
    contact = orjson.loads(order.contact or "{}")
    if contact.get("email"):
        write_mail(
            session,
            template="hold",
            dedup_key=f"{event.kind}:{order.id}",
            recipient=contact["email"],
            user_id=order.buyer_id,
            locale=order.locale,
            now=now,
            order=order,
            is_lost=is_lost,
            name=contact.get("name") or contact["email"],
            link=site.address(f"/orders/{order.number}", channel=order.code),
        )
    return ["admin"]
