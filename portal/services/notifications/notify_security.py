"""Mails about proofs, second factors and API keys: the code that was asked for, and what was changed (IDN-04)."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal import site
from portal.models import ApiClient, OutboxEvent, User
from portal.services.accounts.answer_step_up import make_step_up_code
from portal.services.notifications.write_mail import write_mail


def mail_step_up_code(session: Session, event: OutboxEvent, now: datetime) -> Collection[str]:
    """A code for a proof that is still open. It is made here, so that it stands in nothing but the mail."""
    step_up_id = uuid.UUID(event.subject.partition(":")[2])
    user = session.execute(select(User.email, User.name, User.locale).where(User.id == event.profile_id)).one()
    code = make_step_up_code(session, step_up_id=step_up_id, now=now)
    if code is not None:
        write_mail(
            session,
            template="step_up_code",
            dedup_key=f"event:{event.id}",
            recipient=user.email,
            user_id=event.profile_id,
            locale=event.payload.get("locale") or user.locale or "en",
            now=now,
            name=user.name,
            code=code,
        )
    return ()


def mail_factor_change(session: Session, event: OutboxEvent, now: datetime) -> Collection[str]:
    """Whoever did not do it himself must hear of it."""
    user = session.execute(select(User.email, User.name, User.locale).where(User.id == event.profile_id)).one()
    write_mail(
        session,
        template="factor_changed",
        dedup_key=f"event:{event.id}",
        recipient=user.email,
        user_id=event.profile_id,
        locale=user.locale or "en",
        now=now,
        name=user.name,
        kind=event.payload["kind"],
        is_added=event.kind == "account.factor_added",
        link=site.address("/account/security"),
    )
    return ()


def mail_key_change(session: Session, event: OutboxEvent, now: datetime) -> Collection[str]:
    """A key acts for its owner: he hears that there is one, or another one, whoever has made it (API-01)."""
    user = session.execute(select(User.email, User.name, User.locale).where(User.id == event.profile_id)).one()
    key_name = session.scalar(select(ApiClient.name).where(ApiClient.id == uuid.UUID(event.payload["client"])))
    write_mail(
        session,
        template="key_changed",
        dedup_key=f"event:{event.id}",
        recipient=user.email,
        user_id=event.profile_id,
        locale=user.locale or "en",
        now=now,
        name=user.name,
        key_name=key_name,
        is_new=event.kind == "account.key_made",
        link=site.address("/account/keys"),
    )
    return ()
