"""Show that the e-mail of a profile is its owner's."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from portal.models import User, UserState
from portal.rules.permissions import Actor
from portal.services.accounts.links import LinkSpentError, Purpose, check_link, make_link, read_link
from portal.services.audit import AuditAction, Fact, record
from portal.services.outbox import Event, emit


def verification_link(session: Session, *, user_id: uuid.UUID, now: datetime) -> str | None:
    """The token for the verification mail; None when there is nothing to verify. For the sender of the mail."""
    index = _unverified_index(session, user_id)
    return None if index is None else make_link(Purpose.VERIFY, user_id=user_id, fact=index.hex(), now=now)


def verify_email(session: Session, *, token: str, now: datetime) -> uuid.UUID:
    """Mark the e-mail of the link's profile as verified. Raises LinkSpentError, also the second time."""
    claim = read_link(token, now=now)
    index = _unverified_index(session, claim.user_id)
    if index is None:
        raise LinkSpentError
    check_link(claim, Purpose.VERIFY, fact=index.hex())
    session.execute(
        update(User).where(User.id == claim.user_id, User.email_verified_at.is_(None)).values(email_verified_at=now)
    )
    record(
        session,
        Fact(AuditAction.ACCOUNT_EMAIL_VERIFIED, f"user:{claim.user_id}"),
        actor=Actor(user_id=claim.user_id),
        now=now,
    )
    emit(session, Event("account.verified", f"user:{claim.user_id}", profile_id=claim.user_id), now=now)
    return claim.user_id


def request_verification(session: Session, *, user_id: uuid.UUID, locale: str | None, now: datetime) -> bool:
    """Have the verification mail sent again. False when the e-mail is verified already."""
    if _unverified_index(session, user_id) is None:
        return False
    emit(
        session,
        Event("account.verification_requested", f"user:{user_id}", {"locale": locale}, profile_id=user_id),
        now=now,
    )
    return True


def _unverified_index(session: Session, user_id: uuid.UUID) -> bytes | None:
    statement = select(User.email_index).where(
        User.id == user_id, User.email_verified_at.is_(None), User.state != UserState.CLOSED
    )
    return session.execute(statement).scalar_one_or_none()
