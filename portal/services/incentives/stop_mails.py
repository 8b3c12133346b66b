"""Offers by mail are ended by a link of the mail itself, without signing in: who holds it was sent it (INC-06)."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal import site
from portal.crypto import read_link, sign_link
from portal.kit.errors import PortalError
from portal.kit.text import N_
from portal.models import Channel, User
from portal.rules.permissions import SYSTEM
from portal.rules.privacy import Purpose
from portal.services.consents import allowed, choose

USER_BYTES, CHANNEL_BYTES = 16, 4
PATH = "/offers/mails"
_PURPOSE = "stop mails"


class StopLinkError(PortalError):
    """It was cut off or altered, or whoever it was sent to is gone."""

    code = "stop_link_unknown"
    status = 404
    sentence = N_("This link is not complete. Copy all of it out of the mail, or choose on the page of your data.")


@dataclass(frozen=True, slots=True)
class StopLink:
    """Whose mails a link ends, on which channel, and whether they come at all."""

    user_id: uuid.UUID
    channel_id: int
    comes: bool


def stop_address(*, user_id: uuid.UUID, channel_id: int, channel: str, locale: str) -> str:
    """The address that ends somebody's offers by mail of one channel. It never runs out: mails are kept for long."""
    body = user_id.bytes + channel_id.to_bytes(CHANNEL_BYTES)
    return site.address(f"{PATH}/{sign_link(_PURPOSE, body)}", channel=channel, lang=locale)


def read_stop_link(session: Session, *, token: str) -> StopLink:
    """What a link is for; changes nothing, since programs that look for evil open every link. Raises StopLinkError."""
    body = read_link(_PURPOSE, token)
    if body is None or len(body) != USER_BYTES + CHANNEL_BYTES:
        raise StopLinkError
    user_id, channel_id = uuid.UUID(bytes=body[:USER_BYTES]), int.from_bytes(body[USER_BYTES:])
    known = select(User.id).where(User.id == user_id, User.state != "closed")
    if session.scalar(known) is None or session.get(Channel, channel_id) is None:
        raise StopLinkError
    comes = allowed(session, user_id=user_id, purpose=Purpose.OFFERS_MAIL, channel_id=channel_id)
    return StopLink(user_id, channel_id, comes)


def stop_mails(session: Session, *, token: str, now: datetime) -> None:
    """Take back that he agreed to offers by mail there; a second call changes nothing. Raises StopLinkError."""
    link = read_stop_link(session, token=token)
    choose(
        session,
        user_id=link.user_id,
        given={},
        asked=[(Purpose.OFFERS_MAIL, link.channel_id)],
        source="mail",
        actor=SYSTEM,
        now=now,
    )
