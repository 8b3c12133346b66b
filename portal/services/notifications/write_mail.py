"""Write a mail to be sent after commit; once per key, however often it is asked for (NOT-01)."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from portal.db import insert_rows
from portal.kit.ids import new_id
from portal.models import Mail
from portal.queries.notice_wishes import notice_wishes_of
from portal.rules.notice_topics import TOPIC_OF_MAIL, ByMail, quiet_until
from portal.rules.privacy import NOWHERE
from portal.services.notifications.render import render_mail

# What a session that has written a mail says of itself.
_WRITTEN = "mails written"


def mails_written(session: Session) -> bool:
    """Whether this session has written a mail that is to be sent once it has committed."""
    return _WRITTEN in session.info


def write_mails(
    session: Session, *, people: Iterable[Any], template: str, dedup_key: str, now: datetime, **values: Any
) -> None:
    """The same mail to several people, each in his language: rows with `id`, `email`, `name` and `locale`."""
    for person in people:
        write_mail(
            session,
            template=template,
            dedup_key=f"{dedup_key}:{person.id}",
            recipient=person.email,
            user_id=person.id,
            locale=person.locale or "en",
            now=now,
            name=person.name,
            **values,
        )


def write_mail(
    session: Session,
    *,
    template: str,
    dedup_key: str,
    recipient: str,
    user_id: uuid.UUID | None,
    locale: str,
    now: datetime,
    document_id: uuid.UUID | None = None,
    unsubscribe: str | None = None,
    **values: object,
) -> None:
    """Render and keep a mail. A worker sends it; that it waits or fails is never the reason that a payment does.

    A mail of a topic is left out for who does not want it, or wants a digest; in his quiet hours it waits.
    `document_id` is an issued document that goes with it as PDF; `unsubscribe` is the address that ends such mails.
    """
    if "@" not in recipient or recipient.endswith(f"@{NOWHERE}"):
        return  # Whoever it was is gone (IDN-06).
    due_at, topic = now, TOPIC_OF_MAIL.get(template)
    if topic is not None and user_id is not None:
        wishes = notice_wishes_of(session, user_id)
        if wishes.of(topic).mail is not ByMail.NOW:
            return
        due_at = quiet_until(now, wishes)
    if unsubscribe is not None:
        values["unsubscribe"] = unsubscribe
    mail = render_mail(template, locale=locale, **values)
    row = {
        "id": new_id(),
        "dedup_key": dedup_key,
        "user_id": user_id,
        "template": template,
        "recipient": recipient,
        "subject": mail.subject,
        "body": mail.text,
        "html": mail.html,
        "sender": mail.sender,
        "created_at": now,
        "due_at": due_at,
        "document_id": document_id,
        "unsubscribe": unsubscribe,
    }
    insert_rows(session, Mail, [row], once=("dedup_key",))
    session.info[_WRITTEN] = True
