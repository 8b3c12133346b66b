"""Who hears of an order: its buyer by mail and bell, its sellers and administrators by bell."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from datetime import datetime

import orjson
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from portal import site
from portal.models import Order, OutboxEvent, User
from portal.queries.exchange import exchange_kept
from portal.rules.notices import NoticeKind
from portal.rules.permissions import Permission, roles_with
from portal.services.notifications.write_mail import write_mail
from portal.services.notifications.write_notices import write_notices

_RECEIPT = text(
    """
    SELECT o.id, o.number, o.buyer_id, o.locale, o.contact, o.currency, o.paid_at, o.subtotal_minor, o.discount_minor,
           o.shipping_minor, o.tax_added_minor, o.tax_included_minor, o.payable_minor, o.mileage_promised,
           o.platform_currency, o.platform_minor, o.fx_rate, o.fx_source, o.fx_as_of, c.time_zone,
           c.code, c.brand, c.name AS channel_name,
           (SELECT jsonb_agg(jsonb_build_object(
                       'store', s.name, 'part', to_jsonb(p), 'lines', (SELECT jsonb_agg(to_jsonb(l) ORDER BY l.position)
                                                                     FROM order_line l WHERE l.part_id = p.id))
                   ORDER BY p.position)
              FROM order_part p JOIN store s ON s.id = p.store_id WHERE p.order_id = o.id) AS parts,
           coalesce((SELECT jsonb_agg(to_jsonb(t)) FROM tender t WHERE t.order_id = o.id), '[]') AS tenders
      FROM orders o JOIN channel c ON c.id = o.channel_id
     WHERE o.id = :order_id
    """
).columns(contact=Order.contact.type)

_RELEASED = text(
    """
    SELECT p.id, p.store_id, array_agg(m.user_id) AS members
      FROM order_part p JOIN store_member m ON m.store_id = p.store_id AND m.role = ANY(:roles)
     WHERE p.order_id = :order_id AND p.status = 'released'
     GROUP BY p.id, p.store_id
    """
)


_BUYER = text("SELECT id, number, buyer_id FROM orders WHERE id = :order_id")


def tell_buyer_of_payment(session: Session, event: OutboxEvent, now: datetime) -> Collection[str]:
    """A line behind the buyer's bell; the mail comes with the receipt."""
    _tell_buyer(session, event, NoticeKind.ORDER_PAID, now)
    return ()


def mail_receipt(session: Session, *, order_id: uuid.UUID, document_id: uuid.UUID, label: str, now: datetime) -> None:
    """The buyer's receipt by mail, with every amount as it was paid, and the document itself (PAY-15)."""
    order = session.execute(_RECEIPT, {"order_id": order_id}).one()
    contact = orjson.loads(order.contact or "{}")
    if contact.get("email"):
        write_mail(
            session,
            template="receipt",
            dedup_key=f"receipt:{order.id}",
            recipient=contact["email"],
            user_id=order.buyer_id,
            locale=order.locale,
            now=now,
            document_id=document_id,
            label=label,
            order=order,
            contact=contact,
            channel_name=order.channel_name,
            brand=order.brand,
            parts=order.parts,
            tenders=order.tenders,
            in_platform=exchange_kept(order),
            link=site.address(f"/orders/{order.number}", channel=order.code),
        )


def notify_sellers(session: Session, event: OutboxEvent, now: datetime) -> Collection[str]:
    """Members of each store whose part is released hear of it (ORD-001); others' parts stay unseen."""
    parts = session.execute(
        _RELEASED, {"order_id": _order_id(event), "roles": roles_with(Permission.STORE_ORDER_FULFIL)}
    ).all()
    for part in parts:
        write_notices(
            session,
            user_ids=part.members,
            kind=NoticeKind.PART_RELEASED,
            params={"number": event.payload["number"]},
            path=f"/seller/orders/{part.id}",
            dedup_key=f"part_released:{part.id}",
            now=now,
        )
    return [f"store:{part.store_id}" for part in parts] + ["admin"]


# The first alarm of a case is what it was opened with.
_OPENED_ITS_CASE = text(
    """
    SELECT 1 FROM risk_decision d JOIN risk_case_decision l ON l.decision_id = d.id
      JOIN risk_case c ON c.id = l.case_id
     WHERE d.order_id = :order_id AND d.decided_at <= c.alarm_at LIMIT 1
    """
)


def notify_admins_of_review(session: Session, event: OutboxEvent, now: datetime) -> Collection[str]:
    """An order that waits for review is an administrator's business at once (ORD-002).

    Where it has opened a case, the case's own notice says so; this one is for what came to an open case later.
    """
    if session.execute(_OPENED_ITS_CASE, {"order_id": _order_id(event)}).one_or_none() is not None:
        return ["admin"]
    admins = session.scalars(select(User.id).where(User.roles.op("&&")(["admin", "risk"]))).all()
    write_notices(
        session,
        user_ids=admins,
        kind=NoticeKind.ORDER_UNDER_REVIEW,
        params={"number": event.payload["number"]},
        path=f"/admin/orders/{event.payload['number']}",
        dedup_key=f"review:{_order_id(event)}",
        now=now,
    )
    return ["admin"]


def notify_buyer_of_failure(session: Session, event: OutboxEvent, now: datetime) -> Collection[str]:
    """A purchase that came to nothing: the buyer finds it behind his bell, with his cart as it was."""
    _tell_buyer(session, event, NoticeKind(event.kind.replace(".", "_")), now)
    return ["admin"]


def _tell_buyer(session: Session, event: OutboxEvent, kind: NoticeKind, now: datetime) -> None:
    order = session.execute(_BUYER, {"order_id": _order_id(event)}).one()
    write_notices(
        session,
        user_ids=[order.buyer_id],
        kind=kind,
        params={"number": order.number},
        path=f"/orders/{order.number}",
        dedup_key=f"{kind}:{order.id}",
        now=now,
    )


def _order_id(event: OutboxEvent) -> uuid.UUID:
    return uuid.UUID(event.subject.partition(":")[2])


def tell_buyer_of_kept_payment(session: Session, event: OutboxEvent, now: datetime) -> Collection[str]:
    """Money that nothing can use and that cannot go back by itself is on the buyer's deposit."""
    is_order = event.payload.get("number") is not None
    if event.profile_id is not None:
        write_notices(
            session,
            user_ids=[event.profile_id],
            kind=NoticeKind.PAYMENT_KEPT if is_order else NoticeKind.TOP_UP_KEPT,
            params={name: event.payload[name] for name in ("number", "amount_minor", "currency")},
            path="/account/deposit",
            dedup_key=f"payment_kept:{event.payload['attempt']}",
            now=now,
        )
    return ["admin"]
