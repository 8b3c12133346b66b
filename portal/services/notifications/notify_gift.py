"""Who hears of points that were sent: whom they are for, by mail and bell, and their sender how it ended (BAL-06)."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal import site
from portal.models import MileageGift, OutboxEvent, User, UserState
from portal.rules.notices import NoticeKind
from portal.services.notifications.write_mail import write_mail
from portal.services.notifications.write_notices import write_notices

PATH = "/account/mileage"


def tell_of_gift(session: Session, event: OutboxEvent, now: datetime) -> Collection[str]:
    """A mail to the address, whoever has it; a line behind the bell of one who is known here."""
    gift = session.get_one(MileageGift, uuid.UUID(event.payload["gift"]))
    sender = session.execute(select(User.name, User.locale).where(User.id == gift.sender_id)).one()
    known = session.execute(
        select(User.id, User.locale).where(User.email_index == gift.recipient_index, User.state != UserState.CLOSED)
    ).one_or_none()
    if known is not None:
        write_notices(
            session,
            user_ids=[known.id],
            kind=NoticeKind.GIFT_RECEIVED,
            params={"name": sender.name, "points": gift.points},
            path=PATH,
            dedup_key=f"gift_received:{gift.id}",
            now=now,
        )
    write_mail(
        session,
        template="mileage_gift",
        dedup_key=f"gift_received:{gift.id}",
        recipient=gift.recipient,
        user_id=known.id if known is not None else None,
        locale=(known.locale if known is not None else None) or sender.locale or "en",
        now=now,
        sender=sender.name,
        points=gift.points,
        message=gift.message,
        last_day=gift.expires_at.date(),
        link=site.address(PATH),
    )
    return ()


def tell_sender_of_gift(session: Session, event: OutboxEvent, now: datetime) -> Collection[str]:
    """The sender hears that his gift was accepted, or is his again; not of what he called back himself."""
    outcome = event.payload["outcome"]
    if event.profile_id is not None and outcome != "cancelled":
        write_notices(
            session,
            user_ids=[event.profile_id],
            kind=NoticeKind.GIFT_ACCEPTED if outcome == "accepted" else NoticeKind.GIFT_CAME_BACK,
            params={"points": event.payload["points"]},
            path=PATH,
            dedup_key=f"gift_ended:{event.payload['gift']}",
            now=now,
        )
    return ()
