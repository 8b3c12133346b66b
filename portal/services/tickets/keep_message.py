"""Keep what somebody says in a ticket, with its files; once, however often it is sent."""

from __future__ import annotations

import base64
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.db import insert_rows
from portal.documents.attachments import Attachment
from portal.kit.ids import new_id
from portal.models import TicketFile, TicketMessage
from portal.rules.permissions import Actor
from portal.rules.tickets import Side, read_message
from portal.services.idempotency import KEY_LENGTH_MAX, IdempotencyKeyMissingError


@dataclass(frozen=True, slots=True)
class Words:
    """What is said: the idempotency key of its form, the text as typed, and files that were made safe before."""

    key: str
    text: str
    files: Sequence[Attachment] = ()


def check_key(key: str) -> str:
    """A key that can be kept. Raises IdempotencyKeyMissingError."""
    if not key or len(key) > KEY_LENGTH_MAX or "\0" in key:
        raise IdempotencyKeyMissingError
    return key


def is_known(session: Session, *, ticket_id: uuid.UUID, key: str) -> bool:
    """Whether a message with this key is kept already."""
    statement = select(TicketMessage.id).where(TicketMessage.ticket_id == ticket_id, TicketMessage.key == key)
    return session.scalar(statement) is not None


def keep_message(
    session: Session,
    *,
    ticket_id: uuid.UUID,
    side: Side,
    words: Words,
    is_internal: bool,
    actor: Actor,
    now: datetime,
) -> uuid.UUID:
    """Write the message and its files; returns its id. Raises MessageEmptyError, MessageTooLongError."""
    message_id = new_id()
    row = {
        "id": message_id,
        "ticket_id": ticket_id,
        "author_id": actor.user_id,
        "side": side.value,
        "is_internal": is_internal,
        "text": read_message(words.text),
        "key": check_key(words.key),
        "at": now,
    }
    insert_rows(session, TicketMessage, [row])
    files = [
        {
            "id": new_id(),
            "message_id": message_id,
            "position": place,
            "name": file.name,
            "kind": file.kind.value,
            "size": len(file.content),
            "content": base64.b64encode(file.content).decode(),
        }
        for place, file in enumerate(words.files)
    ]
    if files:
        insert_rows(session, TicketFile, files)
    return message_id
