"""Who hears of a parcel: its buyer by mail and bell, and its store where somebody must look at it."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from datetime import datetime

import orjson
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from portal import site
from portal.kit.tracking import TrackedKind
from portal.models import Order, OutboxEvent, User
from portal.queries.store_members import members_with
from portal.rules.carriers import CARRIERS
from portal.rules.notices import NoticeKind
from portal.rules.permissions import Permission
from portal.rules.tracking import TROUBLE
from portal.services.notifications.write_mail import write_mail
from portal.services.notifications.write_notices import write_notices

_PARCEL = text(
    """
    SELECT s.id, s.part_id, s.store_id, s.carrier, s.tracking_number, s.status, s.expected_from, s.expected_until,
           s.delivered_at, st.name AS store_name, o.number, o.buyer_id, o.locale, o.contact, c.code, c.brand,
           c.name AS channel_name, c.time_zone,
           coalesce(
             (SELECT jsonb_agg(jsonb_build_array(l.name, x.quantity) ORDER BY l.position)
                FROM shipment_line x JOIN order_line l ON l.id = x.line_id WHERE x.shipment_id = s.id),
             (SELECT jsonb_agg(jsonb_build_array(l.name, u.units))
                FROM (SELECT r.line_id, count(*) AS units FROM goods_return g
                        JOIN return_unit r ON r.return_id = g.id AND r.state = 'accepted'
                       WHERE g.replacement_id = s.id GROUP BY 1) u JOIN order_line l ON l.id = u.line_id),
             '[]') AS lines
      FROM shipment s JOIN orders o ON o.id = s.order_id JOIN channel c ON c.id = o.channel_id
      JOIN store st ON st.id = s.store_id
     WHERE s.id = :shipment_id
    """
).columns(contact=Order.contact.type)

# What the buyer hears by bell; what is only on the way moves his open page.
_BELLS = {
    "sent": NoticeKind.SHIPMENT_SENT,
    "out_for_delivery": NoticeKind.SHIPMENT_OUT,
    "delivered": NoticeKind.SHIPMENT_DELIVERED,
    "delayed": NoticeKind.SHIPMENT_DELAYED,
    "damaged": NoticeKind.SHIPMENT_DAMAGED,
    "lost": NoticeKind.SHIPMENT_LOST,
}
# What he must know of by mail too.
_MAILED = frozenset({"sent", "delivered", "damaged", "lost"})


def tell_buyer_of_parcel(session: Session, event: OutboxEvent, now: datetime) -> Collection[str]:
    """The buyer hears of the parcel's state once, whatever its carrier repeats."""
    state = str(event.payload.get("state", "sent"))
    if state not in _BELLS:
        return ()
    parcel = session.execute(_PARCEL, {"shipment_id": uuid.UUID(event.payload["shipment"])}).one()
    write_notices(
        session,
        user_ids=[parcel.buyer_id],
        kind=_BELLS[state],
        params={"number": parcel.number},
        path=f"/orders/{parcel.number}",
        dedup_key=f"shipment_{state}:{parcel.id}",
        now=now,
    )
    contact = orjson.loads(parcel.contact or "{}")
    if state in _MAILED and contact.get("email"):
        carrier = CARRIERS.get(parcel.carrier)
        write_mail(
            session,
            template="shipment",
            dedup_key=f"shipment_{state}:{parcel.id}",
            recipient=contact["email"],
            user_id=parcel.buyer_id,
            locale=parcel.locale,
            now=now,
            step=state,
            parcel=parcel,
            carrier=carrier.name if carrier else parcel.carrier,
            name=contact.get("name") or contact["email"],
            link=site.address(f"/orders/{parcel.number}", channel=parcel.code),
        )
    return ()


def tell_store_of_trouble(session: Session, event: OutboxEvent, now: datetime) -> Collection[str]:
    """The store hears of parcels that are late, damaged or lost, administrators of lost ones; pages of each move."""
    topics = [f"store:{event.payload['store']}", "admin"]
    state = str(event.payload["state"])
    if state not in TROUBLE:
        return topics
    key = f"parcel_{state}:{event.payload['shipment']}"
    members = session.scalars(members_with(int(event.payload["store"]), Permission.STORE_ORDER_FULFIL)).all()
    write_notices(
        session,
        user_ids=members,
        kind=NoticeKind.PARCEL_TROUBLE,
        params={"number": event.payload["number"]},
        path=f"/seller/orders/{event.payload['part']}",
        dedup_key=key,
        now=now,
    )
    if state == TrackedKind.LOST:
        write_notices(
            session,
            user_ids=session.scalars(select(User.id).where(User.roles.op("&&")(["admin", "operations"]))).all(),
            kind=NoticeKind.PARCEL_LOST,
            params={"number": event.payload["number"]},
            path=f"/admin/orders/{event.payload['number']}",
            dedup_key=key,
            now=now,
        )
    return topics
