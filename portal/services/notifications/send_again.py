"""Have a mail sent once more: one that nobody took, or one whose reader says that it never came (NOT-01)."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import update
from sqlalchemy.orm import Session

from portal.kit.errors import PortalError
from portal.kit.text import N_
from portal.models import Mail
from portal.queries.mails import LATELY
from portal.rules.mailing import may_go_again
from portal.rules.permissions import Actor
from portal.services.audit import AuditAction, Fact, record


class MailUnknownError(PortalError):
    code = "mail_unknown"
    status = 404
    sentence = N_("There is no such mail any more.")


class MailOnceOnlyError(PortalError):
    code = "mail_once_only"
    status = 409
    sentence = N_("This mail was delivered and goes out once only: its reader asks for a new one himself.")


def send_again(session: Session, *, mail_id: uuid.UUID, actor: Actor, now: datetime) -> None:
    """Let one mail go out now, with as many tries before it as a new one. Who may is the caller's to check.

    Raises MailUnknownError, MailOnceOnlyError.
    """
    mail = session.get(Mail, mail_id, with_for_update=True)
    if mail is None:
        raise MailUnknownError
    if not may_go_again(mail.template, is_sent=mail.sent_at is not None):
        raise MailOnceOnlyError
    before = {
        "sent_at": mail.sent_at.isoformat() if mail.sent_at else None,
        "given_up_at": mail.given_up_at.isoformat() if mail.given_up_at else None,
    }
    mail.sent_at, mail.given_up_at, mail.due_at, mail.attempts = None, None, now, 0
    session.flush()
    fact = Fact(AuditAction.MAIL_SENT_AGAIN, f"mail:{mail.id}", before, {"template": mail.template})
    record(session, fact, actor=actor, now=now)


def send_given_up_again(session: Session, *, actor: Actor, now: datetime) -> int:
    """Let everything go out that was given up lately, as after a fault of the mail server; returns how many."""
    statement = (
        update(Mail)
        .where(Mail.sent_at.is_(None), Mail.given_up_at > now - LATELY)
        .values(given_up_at=None, due_at=now, attempts=0)
        .returning(Mail.id)
    )
    count = len(session.execute(statement).all())
    if count:
        record(
            session, Fact(AuditAction.MAIL_SENT_AGAIN, "mail:given-up", after={"mails": count}), actor=actor, now=now
        )
    return count
