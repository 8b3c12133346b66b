"""The buyer hears by mail of what an exchange cost him, and of what of it came back (PAY-15, ORD-005)."""

from __future__ import annotations

import uuid
from datetime import datetime

import orjson
from sqlalchemy import text
from sqlalchemy.orm import Session

from portal import site
from portal.models import Order
from portal.services.notifications.write_mail import write_mail

_PAPER = text(
    """
    SELECT d.kind, d.label, d.currency, d.total_minor, r.label AS corrects, g.number AS exchange, o.number, o.buyer_id,
           o.locale, o.contact, c.code, c.brand, c.name AS channel_name
      FROM document d LEFT JOIN document r ON r.id = d.corrects_id
      JOIN goods_return g ON g.order_id = d.order_id AND g.more_entry_id = coalesce(r.entry_id, d.entry_id)
      JOIN orders o ON o.id = d.order_id JOIN channel c ON c.id = o.channel_id
     WHERE d.id = :document_id
    """
).columns(contact=Order.contact.type)


def mail_exchange_paper(session: Session, *, document_id: uuid.UUID, now: datetime) -> None:
    """The receipt of a dearer exchange, or the credit note of what went back of it, with the document itself."""
    paper = session.execute(_PAPER, {"document_id": document_id}).one()
    contact = orjson.loads(paper.contact or "{}")
    if contact.get("email"):
        write_mail(
            session,
            template="exchange_paper",
            dedup_key=f"exchange_paper:{document_id}",
            recipient=contact["email"],
            user_id=paper.buyer_id,
            locale=paper.locale,
            now=now,
            document_id=document_id,
            paper=paper,
            name=contact.get("name") or contact["email"],
            link=site.address(f"/orders/{paper.number}", channel=paper.code),
        )
