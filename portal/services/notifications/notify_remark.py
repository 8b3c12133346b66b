"""Who hears of reviews and questions: their store, their author, and buyers who are asked for a review."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from datetime import datetime

import orjson
from sqlalchemy import text
from sqlalchemy.orm import Session

from portal import site
from portal.models import Order, OutboxEvent
from portal.queries.store_members import members_with
from portal.rules.notices import NoticeKind
from portal.rules.permissions import Permission
from portal.rules.remarks import RemarkKind
from portal.services.notifications.write_mail import write_mail
from portal.services.notifications.write_notices import write_notices

_REMARK = text(
    """
    SELECT r.id, r.kind, r.author_id, r.store_id, p.slug, p.name FROM remark r JOIN product p ON p.id = r.product_id
     WHERE r.id = :remark_id
    """
)
_PART = text(
    """
    SELECT p.id, o.number, o.buyer_id, o.locale, o.contact, s.name AS store_name, c.code, c.brand,
           c.name AS channel_name,
           (SELECT jsonb_agg(l.name ORDER BY l.position) FROM order_line l WHERE l.part_id = p.id) AS names
      FROM order_part p JOIN orders o ON o.id = p.order_id JOIN store s ON s.id = p.store_id
      JOIN channel c ON c.id = o.channel_id
     WHERE p.id = :part_id
    """
).columns(contact=Order.contact.type)


def tell_store_of_remark(session: Session, event: OutboxEvent, now: datetime) -> Collection[str]:
    """The store's members hear of a review and of a question."""
    row = session.execute(_REMARK, {"remark_id": uuid.UUID(event.payload["remark"])}).one()
    is_question = row.kind == RemarkKind.QUESTION
    members = session.scalars(members_with(row.store_id, Permission.REMARK_VIEW)).all()
    write_notices(
        session,
        user_ids=members,
        kind=NoticeKind.QUESTION_ASKED if is_question else NoticeKind.REVIEW_WRITTEN,
        params={"name": row.name},
        path=f"/seller/remarks?kind={row.kind}",
        dedup_key=f"remark:{row.id}",
        now=now,
    )
    return [f"store:{row.store_id}", "admin"]


def tell_author_of_answer(session: Session, event: OutboxEvent, now: datetime) -> Collection[str]:
    """Whoever wrote it hears that the store answered."""
    row = session.execute(_REMARK, {"remark_id": uuid.UUID(event.payload["remark"])}).one()
    write_notices(
        session,
        user_ids=[row.author_id],
        kind=NoticeKind.REMARK_ANSWERED,
        params={"name": row.name},
        path=f"/products/{row.slug}",
        dedup_key=f"remark_answered:{row.id}",
        now=now,
    )
    return [f"store:{row.store_id}", "admin"]


def ask_for_review(session: Session, event: OutboxEvent, now: datetime) -> Collection[str]:
    """The buyer is asked once for each part, by bell and by mail."""
    part = session.execute(_PART, {"part_id": uuid.UUID(event.payload["part"])}).one()
    write_notices(
        session,
        user_ids=[part.buyer_id],
        kind=NoticeKind.REVIEW_INVITED,
        params={"number": part.number},
        path="/account/reviews",
        dedup_key=f"review_invited:{part.id}",
        now=now,
    )
    contact = orjson.loads(part.contact or "{}")
    if contact.get("email"):
        write_mail(
            session,
            template="review_invitation",
            dedup_key=f"review_invited:{part.id}",
            recipient=contact["email"],
            user_id=part.buyer_id,
            locale=part.locale,
            now=now,
            part=part,
            name=contact.get("name") or contact["email"],
            link=site.address("/account/reviews", channel=part.code),
        )
    return ()
