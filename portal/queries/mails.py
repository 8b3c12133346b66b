"""Mails that wait to be sent."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from portal.models import Mail


def mails_wait(session: Session, *, now: datetime) -> bool:
    """Whether any mail is due."""
    return bool(session.execute(select(exists().where(Mail.sent_at.is_(None), Mail.due_at <= now))).scalar_one())
