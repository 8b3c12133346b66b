"""Offers by mail are ended by a link of the mail itself, without signing in: who holds it was sent it (INC-06)."""

from __future__ import annotations

import hmac
import uuid
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as Base64Error
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal import site
from portal.crypto import blind_index
from portal.kit.errors import PortalError
from portal.kit.text import N_
from portal.models import Channel, User
from portal.rules.permissions import SYSTEM
from portal.rules.privacy import Purpose
from portal.services.consents import allowed, choose

USER_BYTES, CHANNEL_BYTES, SIGNATURE_BYTES = 16, 4, 16
PATH = "/offers/mails"


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
    token = urlsafe_b64encode(body + _signature(body)).decode().rstrip("=")
    return site.address(f"{PATH}/{token}", channel=channel, lang=locale)


def read_stop_link(session: Session, *, token: str) -> StopLink:
    """What a link is for; changes nothing, since programs that look for evil open every link. Raises StopLinkError."""
    try:
        found = urlsafe_b64decode(token + "=" * (-len(token) % 4))
    except (ValueError, Base64Error) as error:
        raise StopLinkError from error
    body, signature = found[:-SIGNATURE_BYTES], found[-SIGNATURE_BYTES:]
    if len(body) != USER_BYTES + CHANNEL_BYTES or not hmac.compare_digest(signature, _signature(body)):
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


def _signature(body: bytes) -> bytes:
    return blind_index(f"stop mails {body.hex()}")[:SIGNATURE_BYTES]
