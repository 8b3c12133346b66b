"""Send the mails that wait, over one connection."""

from __future__ import annotations

import smtplib
import uuid
from collections import deque
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.errors import MessageError
from email.message import EmailMessage
from email.utils import formataddr, parseaddr
from typing import Any
from urllib.parse import urlsplit

import structlog
from sqlalchemy import Row, text, update
from sqlalchemy.orm import Session

from portal.config import Settings
from portal.db import alone, reading, transaction
from portal.jobs.mail_bytes import HEAD, UNBROKEN, file_part, joined_parts, send, text_part
from portal.kit import clock
from portal.models import Mail
from portal.queries.documents import DocumentAlteredError, load_document
from portal.queries.notice_wishes import notice_wishes_of
from portal.rules.mailing import is_refused_for_good, next_try
from portal.rules.notice_topics import TOPIC_OF_MAIL, quiet_until

log = structlog.get_logger()

BATCH = 100
LEASE = timedelta(minutes=1)
TIMEOUT_S = 10


class _Mailer:
    """How this process sends mail, set once at its start."""

    def __init__(self) -> None:
        self.url = ""
        self.sender = ""


_mailer = _Mailer()


def set_mailer(settings: Settings) -> None:
    _mailer.url, _mailer.sender = settings.smtp_url, settings.mail_from


# The lease is one statement, and so is the mark after each mail: neither needs more of a transaction than that.
_CLAIM = text(
    """
    UPDATE mail SET due_at = :leased, attempts = attempts + 1
     WHERE id IN (SELECT id FROM mail WHERE sent_at IS NULL AND given_up_at IS NULL AND due_at <= :now
                   ORDER BY due_at LIMIT :batch FOR UPDATE SKIP LOCKED)
    RETURNING id, user_id, template, recipient, subject, body, html, sender, attempts, document_id, unsubscribe
    """
).columns(
    recipient=Mail.recipient.type,
    subject=Mail.subject.type,
    body=Mail.body.type,
    html=Mail.html.type,
    unsubscribe=Mail.unsubscribe.type,
)
_SENT = text("UPDATE mail SET sent_at = :now, last_error = NULL WHERE id = :id")
_PUT_BACK = text(
    "UPDATE mail SET due_at = :now, attempts = attempts - 1 WHERE id = ANY(CAST(:ids AS uuid[])) AND sent_at IS NULL"
)


@dataclass(frozen=True, slots=True)
class _Refusal:
    """Why one mail did not go, which says nothing of the others; `for_good` when trying again is of no use."""

    reason: str
    for_good: bool


def send_mails() -> None:
    """Send what is due. A mail whose sending was interrupted may come twice, never not at all."""
    while True:
        now = clock.now()
        with alone() as session:
            mails = session.execute(_CLAIM, {"now": now, "leased": now + LEASE, "batch": BATCH}).all()
        if not mails:
            return
        waiting = deque(mails)
        try:
            _send(waiting, until=now + LEASE / 2)
        except (OSError, smtplib.SMTPException) as error:
            log.warning("mails_wait", count=len(waiting), error=str(error))
            with transaction() as session:
                for mail in waiting:
                    _note_failure(session, mail, _Refusal(str(error), for_good=False), clock.now())
            return
        if waiting:
            # A slow server: nobody else may find their lease over while we are still at it.
            with alone() as session:
                session.execute(_PUT_BACK, {"ids": [mail.id for mail in waiting], "now": clock.now()})
        elif len(mails) < BATCH:
            return  # Who writes another one meanwhile asks for it to be sent.


def _send(waiting: deque[Row[Any]], *, until: datetime) -> None:
    """Send one after the other, at least one, till `until`; who is done with leaves the queue.

    What is raised concerns all that are left in it.
    """
    with _connection() as smtp:
        while waiting:
            mail = waiting[0]
            refusal = _send_one(smtp, mail)
            waiting.popleft()
            if refusal is None:
                with alone() as session:
                    session.execute(_SENT, {"id": mail.id, "now": clock.now()})
            else:
                log.warning("mail_refused", mail=str(mail.id), template=mail.template, reason=refusal.reason)
                with transaction() as session:
                    _note_failure(session, mail, refusal, clock.now())
            if clock.now() >= until:
                return


def _send_one(smtp: smtplib.SMTP, mail: Row[Any]) -> _Refusal | None:
    """Hand one mail over. Raises OSError or SMTPException for what is wrong with the connection or with ourselves."""
    try:
        send(smtp, _head(mail), _body(mail), UNBROKEN if mail.unsubscribe else HEAD)
    except smtplib.SMTPRecipientsRefused as error:
        code, said = next(iter(error.recipients.values()))
        return _refusal(code, said)
    except smtplib.SMTPDataError as error:
        return _refusal(error.smtp_code, error.smtp_error)
    except DocumentAlteredError as error:
        return _Refusal(repr(error), for_good=False)
    except (smtplib.SMTPNotSupportedError, MessageError, ValueError, IndexError) as error:
        # An address or a subject of which no message can be made: the next try would end in the same way.
        return _Refusal(repr(error), for_good=True)
    return None


def _refusal(code: int, said: bytes | str) -> _Refusal:
    words = said.decode("utf-8", "replace") if isinstance(said, bytes) else said
    return _Refusal(f"{code} {words}", is_refused_for_good(code))


def _connection() -> smtplib.SMTP:
    parts = urlsplit(_mailer.url)
    host = parts.hostname or "127.0.0.1"
    if parts.scheme == "smtps":
        smtp: smtplib.SMTP = smtplib.SMTP_SSL(host, parts.port or 465, timeout=TIMEOUT_S)
    else:
        smtp = smtplib.SMTP(host, parts.port or 25, timeout=TIMEOUT_S)
    if parts.username:
        if parts.scheme == "smtp":
            smtp.starttls()
        smtp.login(parts.username, parts.password or "")
    return smtp


def _head(mail: Row[Any]) -> EmailMessage:
    head = EmailMessage(policy=HEAD)
    head["From"] = _from(mail.sender)
    head["To"] = mail.recipient
    head["Subject"] = mail.subject
    head["Message-ID"] = f"<{mail.id}@portal>"
    if mail.unsubscribe:
        # One click in the mail program is enough (RFC 8058).
        head["List-Unsubscribe"] = f"<{mail.unsubscribe}>"
        head["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    return head


def _body(mail: Row[Any]) -> bytes:
    body = text_part("plain", mail.body)
    if mail.html:
        body = joined_parts("alternative", body, text_part("html", mail.html))
    if mail.document_id is not None:
        body = joined_parts("mixed", body, _paper(mail.document_id))
    return body


def _from(channel_name: str | None) -> str:
    """Our one address, in the name of the channel that speaks."""
    if channel_name is None:
        return _mailer.sender
    return formataddr((channel_name, parseaddr(_mailer.sender)[1]))


def _paper(document_id: uuid.UUID) -> bytes:
    """An issued document as PDF."""
    # Fonts and typesetting are loaded with the first document: a start can do without them.
    from portal.documents.receipt import render_receipt

    with reading() as session:
        document = load_document(session, document_id=document_id)
    assert document is not None  # A mail names only what is issued.
    pdf = render_receipt(document.content, logo=document.logo)
    return file_part(f"{document.label}.pdf", "application/pdf", pdf)


def _note_failure(session: Session, mail: Row[Any], refusal: _Refusal, now: datetime) -> None:
    """Try it later, outside the reader's quiet hours, or give it up."""
    later = None if refusal.for_good else next_try(now, mail.attempts)
    values: dict[str, Any] = {"last_error": refusal.reason.replace("\0", "")[:500]}
    if later is None:
        values["given_up_at"] = now
    elif mail.user_id is not None and mail.template in TOPIC_OF_MAIL:
        values["due_at"] = quiet_until(later, notice_wishes_of(session, mail.user_id))
    else:
        values["due_at"] = later
    session.execute(update(Mail).where(Mail.id == mail.id, Mail.sent_at.is_(None)).values(**values))
