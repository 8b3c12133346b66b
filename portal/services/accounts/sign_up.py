"""Open a profile."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from portal.crypto import email_index
from portal.kit.errors import PortalError
from portal.kit.ids import new_id
from portal.kit.text import N_
from portal.models import User
from portal.rules.permissions import Actor, Role
from portal.services.accounts.emails import normalise_email
from portal.services.accounts.passwords import check_password, hash_password
from portal.services.audit import AuditAction, Fact, record
from portal.services.outbox import Event, emit

NAME_LENGTH_MAX = 100


class NameMissingError(PortalError):
    code = "name_missing"
    sentence = N_("Enter your name.")
    field = "name"


class NameTooLongError(NameMissingError):
    code = "name_too_long"
    sentence = N_("Use at most %(maximum)s characters for the name.")


class EmailTakenError(PortalError):
    """The e-mail already has a profile. Sign-up cannot hide that, because a newcomer is signed in at once (IDN-07)."""

    code = "email_taken"
    status = 409
    sentence = N_("There is already an account with this e-mail. Sign in, or set a new password.")
    field = "email"


def sign_up(
    session: Session,
    *,
    email: str,
    password: str,
    name: str,
    locale: str | None,
    now: datetime,
    channel_id: int | None = None,
) -> uuid.UUID:
    """Make the profile of a buyer, unverified, and have the verification mail sent. Returns its id.

    `channel_id` is where he came in.

    Raises NameMissingError, EmailUnfitError, PasswordUnfitError and EmailTakenError.
    """
    name = check_name(name)
    address = normalise_email(email)
    check_password(password)
    # Hashed before the first statement: no connection is held during it.
    password_hash = hash_password(password)
    statement = (
        insert(User)
        .values(
            id=new_id(),
            email=address,
            email_index=email_index(address),
            name=name,
            password_hash=password_hash,
            locale=locale,
            channel_id=channel_id,
            created_at=now,
        )
        .on_conflict_do_nothing(index_elements=[User.email_index])
        .returning(User.id)
    )
    user_id = session.execute(statement).scalar_one_or_none()
    if user_id is None:
        raise EmailTakenError
    emit(session, Event("account.signed_up", f"user:{user_id}", {"locale": locale}, profile_id=user_id), now=now)
    actor = Actor(user_id=user_id, roles=frozenset({Role.BUYER}))
    record(session, Fact(AuditAction.ACCOUNT_SIGNED_UP, f"user:{user_id}"), actor=actor, now=now)
    return user_id


def check_name(name: str) -> str:
    """Return the name without needless space. Raises NameMissingError and NameTooLongError."""
    tidy = " ".join(name.split())
    if not tidy:
        raise NameMissingError
    if len(tidy) > NAME_LENGTH_MAX:
        raise NameTooLongError(maximum=NAME_LENGTH_MAX)
    return tidy
