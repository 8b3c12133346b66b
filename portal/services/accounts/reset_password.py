"""A new password for somebody who forgot the old one: a mail with a link that works once, for an hour."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from portal.crypto import email_index
from portal.models import User, UserState, WebSession
from portal.rules.permissions import Actor
from portal.services.accounts.emails import EmailUnfitError, normalise_email
from portal.services.accounts.links import LinkSpentError, Purpose, check_link, make_link, read_link
from portal.services.accounts.passwords import check_password, hash_password
from portal.services.accounts.sessions import revoke
from portal.services.audit import AuditAction, Fact, record
from portal.services.outbox import Event, emit


def request_password_reset(session: Session, *, email: str, locale: str | None, now: datetime) -> None:
    """Have a mail with a link sent if the e-mail has a profile. The caller learns nothing either way."""
    try:
        index = email_index(normalise_email(email))
    except EmailUnfitError:
        return
    statement = select(User.id).where(User.email_index == index, User.state != UserState.CLOSED)
    user_id = session.execute(statement).scalar_one_or_none()
    if user_id is None:
        return
    emit(
        session,
        Event("account.reset_requested", f"user:{user_id}", {"locale": locale}, profile_id=user_id),
        now=now,
    )


def reset_link(session: Session, *, user_id: uuid.UUID, now: datetime) -> str | None:
    """The token for the mail, good for an hour from `now`; None for a closed profile. For the sender of the mail."""
    found = _password_fact(session, user_id)
    return None if found is None else make_link(Purpose.RESET, user_id=user_id, fact=found, now=now)


def check_reset_link(session: Session, *, token: str, now: datetime) -> uuid.UUID:
    """Whose password the link may set. Raises LinkSpentError."""
    claim = read_link(token, now=now)
    fact = _password_fact(session, claim.user_id)
    if fact is None:
        raise LinkSpentError
    check_link(claim, Purpose.RESET, fact=fact)
    return claim.user_id


def reset_password(session: Session, *, token: str, password: str, now: datetime) -> uuid.UUID:
    """Set the password and end every session of the profile. Raises LinkSpentError and PasswordUnfitError.

    The mail reached its reader, so the e-mail counts as verified.
    """
    check_password(password)
    password_hash = hash_password(password)
    user_id = _locked(session, read_link(token, now=now).user_id)
    if user_id is None:
        raise LinkSpentError
    # Checked under the lock: the first of two uses of a link changes the fact for the second.
    check_reset_link(session, token=token, now=now)
    session.execute(
        update(User)
        .where(User.id == user_id)
        .values(password_hash=password_hash, email_verified_at=func.coalesce(User.email_verified_at, now))
    )
    ended = revoke(session, WebSession.user_id == user_id, now=now)
    record(
        session,
        Fact(AuditAction.ACCOUNT_PASSWORD_CHANGED, f"user:{user_id}", after={"sessions_ended": ended}, reason="reset"),
        actor=Actor(user_id=user_id),
        now=now,
    )
    return user_id


def _locked(session: Session, user_id: uuid.UUID) -> uuid.UUID | None:
    return session.execute(
        select(User.id).where(User.id == user_id).with_for_update(key_share=True)
    ).scalar_one_or_none()


def _password_fact(session: Session, user_id: uuid.UUID) -> str | None:
    statement = select(func.coalesce(User.password_hash, "none")).where(
        User.id == user_id, User.state != UserState.CLOSED
    )
    return session.execute(statement).scalar_one_or_none()
