"""Find out whether somebody is who he says."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from portal.crypto import email_index
from portal.kit.errors import Rejection
from portal.kit.text import N_
from portal.models import User, UserState
from portal.rules.permissions import VISITOR, Actor
from portal.services.accounts.emails import EmailUnfitError, normalise_email
from portal.services.accounts.passwords import hash_password, needs_rehash, password_matches
from portal.services.audit import AuditAction, Fact, record

# One answer for an unknown e-mail, a wrong password and a closed account (IDN-03).
WRONG_CREDENTIALS = Rejection("credentials_wrong", N_("The e-mail or the password is not right."))
# Only whoever knows the password learns this.
BLOCKED = Rejection("sign_in_blocked", N_("Signing in to this account is blocked. Contact us to go on."))


def sign_in(session: Session, *, email: str, password: str, now: datetime) -> uuid.UUID | Rejection:
    """Return the id of the profile, or one and the same rejection after the same work, whatever was wrong.

    A frozen account may come in and look; spending is refused where money moves (see may_spend). One whose sign-in is
    blocked stays out, and is told so once the password was right.
    """
    try:
        index = email_index(normalise_email(email))
    except EmailUnfitError:
        index = b""
    row = session.execute(
        select(User.id, User.password_hash, User.state, User.blocked_at).where(User.email_index == index)
    ).one_or_none()
    matches = password_matches(row.password_hash if row else None, password)
    if row is None or not matches or row.state == UserState.CLOSED:
        ref = f"user:{row.id}" if row else "user:unknown"
        record(session, Fact(AuditAction.ACCOUNT_SIGN_IN_FAILED, ref), actor=VISITOR, now=now)
        return WRONG_CREDENTIALS
    if row.blocked_at is not None:
        fact = Fact(AuditAction.ACCOUNT_SIGN_IN_FAILED, f"user:{row.id}", after={"blocked": True})
        record(session, fact, actor=VISITOR, now=now)
        return BLOCKED
    if needs_rehash(row.password_hash):
        session.execute(
            update(User)
            .where(User.id == row.id, User.password_hash == row.password_hash)
            .values(password_hash=hash_password(password))
        )
    user_id: uuid.UUID = row.id
    actor = Actor(user_id=user_id)
    record(session, Fact(AuditAction.ACCOUNT_SIGNED_IN, f"user:{user_id}"), actor=actor, now=now)
    return user_id
