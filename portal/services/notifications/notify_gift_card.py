"""A gift card goes to whom it is for, with its code: in the mail and nowhere else (BAL-09)."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.orm import Session

from portal import site
from portal.models import GiftCard, OutboxEvent
from portal.rules.gift_cards import written
from portal.services.notifications.write_mail import write_mail

_CARD = text(
    """
    SELECT g.id, g.currency, g.amount_minor, g.code, g.recipient, g.sender, g.message, g.locale, g.expires_at,
           c.code AS channel, c.brand, c.name AS channel_name
      FROM gift_card g JOIN channel c ON c.id = g.channel_id WHERE g.id = :card_id AND g.state = 'active'
    """
).columns(
    code=GiftCard.code.type,
    recipient=GiftCard.recipient.type,
    sender=GiftCard.sender.type,
    message=GiftCard.message.type,
)


def mail_gift_card(session: Session, event: OutboxEvent, now: datetime) -> Collection[str]:
    """Send it; nothing for one that has ended meanwhile."""
    card = session.execute(_CARD, {"card_id": uuid.UUID(event.payload["card"])}).one_or_none()
    if card is not None:
        write_mail(
            session,
            template="gift_card",
            dedup_key=f"gift_card:{card.id}",
            recipient=card.recipient,
            user_id=None,
            locale=card.locale,
            now=now,
            card=card,
            code=written(card.code),
            link=site.address("/account/gift-cards", channel=card.channel),
        )
    return ()
