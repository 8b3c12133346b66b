"""Send the mails that wait, over one connection."""

from __future__ import annotations

import email.policy
import smtplib
import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta
from email.message import EmailMessage
from typing import Any
from urllib.parse import urlsplit

import structlog
from sqlalchemy import Row, text, update
from sqlalchemy.orm import Session

from portal.config import Settings
from portal.db import alone, reading, transaction
from portal.kit import clock
from portal.models import Mail
from portal.queries.documents import DocumentAlteredError, load_document

log = structlog.get_logger()

BATCH = 100
LEASE = timedelta(minutes=1)
TIMEOUT_S = 10
# An address in a header must not be broken into several words, which mail programs would not put together again.
UNBROKEN = email.policy.default.clone(max_line_length=900)


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
     WHERE id IN (SELECT id FROM mail WHERE sent_at IS NULL AND due_at <= :now
                   ORDER BY due_at LIMIT :batch FOR UPDATE SKIP LOCKED)
    RETURNING id, recipient, subject, body, html, attempts, document_id, unsubscribe
    """
).columns(
    recipient=Mail.recipient.type,
    subject=Mail.subject.type,
    body=Mail.body.type,
    html=Mail.html.type,
    unsubscribe=Mail.unsubscribe.type,
)
_SENT = text("UPDATE mail SET sent_at = :now, last_error = NULL WHERE id = :id")


def send_mails() -> None:
    """Send what is due. A mail whose sending was interrupted may come twice, never not at all."""
    while True:
        now = clock.now()
        with alone() as session:
            mails = session.execute(_CLAIM, {"now": now, "leased": now + LEASE, "batch": BATCH}).all()
        if not mails:
            return
        try:
            _send(mails)
        except (OSError, smtplib.SMTPException) as error:
            log.warning("mails_wait", count=len(mails), error=str(error))
            with transaction() as session:
                _note_failure(session, mails, str(error), clock.now())
            return
        if len(mails) < BATCH:
            return  # Who writes another one meanwhile asks for it to be sent.


def _send(mails: Sequence[Row[Any]]) -> None:
    with _connection() as smtp:
        for mail in mails:
            try:
                message = _message(mail)
            except DocumentAlteredError as error:
                # The others are not to wait for it.
                log.exception("document_altered", mail=str(mail.id))
                with transaction() as session:
                    _note_failure(session, [mail], repr(error), clock.now())
                continue
            smtp.send_message(message)
            with alone() as session:
                session.execute(_SENT, {"id": mail.id, "now": clock.now()})


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


def _message(mail: Row[Any]) -> EmailMessage:
    message = EmailMessage(policy=UNBROKEN) if mail.unsubscribe else EmailMessage()
    message["From"] = _mailer.sender
    message["To"] = mail.recipient
    message["Subject"] = mail.subject
    message["Message-ID"] = f"<{mail.id}@portal>"
    if mail.unsubscribe:
        # One click in the mail program is enough (RFC 8058).
        message["List-Unsubscribe"] = f"<{mail.unsubscribe}>"
        message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    message.set_content(mail.body)
    if mail.html:
        message.add_alternative(mail.html, subtype="html")
    if mail.document_id is not None:
        _attach(message, mail.document_id)
    return message


def _attach(message: EmailMessage, document_id: uuid.UUID) -> None:
    """Add an issued document as PDF."""
    # Fonts and typesetting are loaded with the first document: a start can do without them.
    from portal.documents.receipt import render_receipt

    with reading() as session:
        document = load_document(session, document_id=document_id)
    assert document is not None  # A mail names only what is issued.
    pdf = render_receipt(document.content, logo=document.logo)
    message.add_attachment(pdf, maintype="application", subtype="pdf", filename=f"{document.label}.pdf")


def _note_failure(session: Session, mails: Sequence[Row[Any]], error: str, now: datetime) -> None:
    for mail in mails:
        delay = timedelta(seconds=min(2 ** min(mail.attempts, 12), 3600))
        session.execute(
            update(Mail)
            .where(Mail.id == mail.id, Mail.sent_at.is_(None))
            .values(last_error=error[:500], due_at=now + delay)
        )
