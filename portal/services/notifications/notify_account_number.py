"""The account number that a buyer is to pay into, by mail: he pays at his bank and not on our page (PAY-16)."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from datetime import datetime

import orjson
from sqlalchemy import text
from sqlalchemy.orm import Session

from portal import site
from portal.models import Order, OutboxEvent, PaymentAttempt
from portal.services.notifications.write_mail import write_mail

_ATTEMPT = text(
    """
    SELECT a.action, o.id, o.number, o.buyer_id, o.locale, o.contact, o.currency, o.expires_at, p.amount_minor,
           c.code, c.brand, c.name AS channel_name, c.time_zone
      FROM payment_attempt a JOIN payment p ON p.id = a.payment_id JOIN orders o ON o.id = p.order_id
      JOIN channel c ON c.id = o.channel_id
     WHERE a.id = :attempt_id
    """
).columns(action=PaymentAttempt.action.type, contact=Order.contact.type)


def mail_account_number(session: Session, event: OutboxEvent, now: datetime) -> Collection[str]:
    """The buyer of an order has in his mail what its page says: where, how much, until when. Others wait in silence."""
    order = session.execute(_ATTEMPT, {"attempt_id": uuid.UUID(event.payload["attempt"])}).one_or_none()
    account = orjson.loads(order.action or "{}") if order is not None else {}
    contact = orjson.loads(order.contact or "{}") if order is not None else {}
    if order is None or account.get("kind") != "account" or not contact.get("email"):
        return ["admin"]
    ends = account.get("expires_at")
    write_mail(
        session,
        template="account_number",
        dedup_key=f"account_number:{event.payload['attempt']}",
        recipient=contact["email"],
        user_id=order.buyer_id,
        locale=order.locale,
        now=now,
        order=order,
        account=account,
        pay_until=datetime.fromisoformat(ends) if ends else order.expires_at,
        name=contact.get("name") or contact["email"],
        link=site.address(f"/orders/{order.number}", channel=order.code),
    )
    return ["admin"]
