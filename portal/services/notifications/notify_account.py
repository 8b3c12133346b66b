"""Mails with links that prove an e-mail address or set a new password."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal import site
from portal.models import OutboxEvent, User
from portal.services.accounts.reset_password import reset_link
from portal.services.accounts.verify_email import verification_link
from portal.services.notifications.write_mail import write_mail


def mail_account_link(session: Session, event: OutboxEvent, now: datetime) -> Collection[str]:
    """Send the link that the event asks for; nothing for an account that no longer needs it."""
    user_id = uuid.UUID(event.subject.partition(":")[2])
    user = session.execute(select(User.email, User.name, User.locale).where(User.id == user_id)).one_or_none()
    if user is None:
        return ()
    is_reset = event.kind == "account.reset_requested"
    token = (reset_link if is_reset else verification_link)(session, user_id=user_id, now=now)
    if token is not None:
        path = "/account/reset" if is_reset else "/account/verify"
        write_mail(
            session,
            template="password_reset" if is_reset else "verify_email",
            dedup_key=f"event:{event.id}",
            recipient=user.email,
            user_id=user_id,
            locale=event.payload.get("locale") or user.locale or "en",
            now=now,
            name=user.name,
            link=site.address(f"{path}/{token}"),
        )
    return ()
