"""The person that an administrator acts on, locked; and the note that says why (IDN-05)."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.kit.errors import PortalError
from portal.kit.ids import new_id
from portal.kit.text import N_
from portal.models import User, UserNote, UserState
from portal.rules.permissions import Actor, Permission, Scope, scopes_of
from portal.rules.roles import REASON_LENGTH_MAX, may_touch
from portal.services.audit import AuditAction, Fact, record
from portal.services.restrictions.freeze_account import AccountClosedError, AccountUnknownError


class OwnAccountError(PortalError):
    code = "own_account"
    status = 409
    sentence = N_("This is your own account. Somebody else must do it.")


class AdministratorError(PortalError):
    """An administrator of one kind may not take another's keys away, nor get at them."""

    code = "target_is_administrator"
    status = 403
    sentence = N_("This person is an administrator. Only an administrator of everything may do this to one.")


class ReasonMissingError(PortalError):
    code = "reason_missing"
    sentence = N_("Say why: it stands in the record.")
    field = "reason"


def lock_person(session: Session, *, user_id: uuid.UUID, permission: Permission, actor: Actor) -> User:
    """Somebody else, locked.

    Raises AccountUnknownError, OwnAccountError, AdministratorError, AccountClosedError.
    """
    if Scope.ALL not in scopes_of(actor, permission):
        raise AccountUnknownError
    if actor.user_id == user_id:
        raise OwnAccountError
    user = session.execute(
        select(User).where(User.id == user_id).with_for_update().execution_options(populate_existing=True)
    ).scalar_one_or_none()
    if user is None:
        raise AccountUnknownError
    if not may_touch(actor.roles, user.roles):
        raise AdministratorError
    if user.state == UserState.CLOSED:
        raise AccountClosedError
    return user


def reason_of(typed: str) -> str:
    """Why, as it is kept. Raises ReasonMissingError."""
    reason = " ".join(typed.replace("\0", "").split())[:REASON_LENGTH_MAX]
    if not reason:
        raise ReasonMissingError
    return reason


def note(session: Session, *, user_id: uuid.UUID, act: str, text: str, actor: Actor, now: datetime) -> uuid.UUID:
    """Keep why something was done, and return its id. The text is personal, so that it is here and not in the trail."""
    note_id = new_id()
    session.add(UserNote(id=note_id, user_id=user_id, act=act, text=text, author_id=actor.user_id, at=now))
    session.flush()
    return note_id


def write_note(session: Session, *, user_id: uuid.UUID, text: str, actor: Actor, now: datetime) -> None:
    """Keep what colleagues should know of a person. Raises AccountUnknownError, ReasonMissingError."""
    if Scope.ALL not in scopes_of(actor, Permission.USER_SUPPORT) or session.get(User, user_id) is None:
        raise AccountUnknownError
    note(session, user_id=user_id, act="note", text=reason_of(text), actor=actor, now=now)
    record(session, Fact(AuditAction.USER_NOTED, f"user:{user_id}"), actor=actor, now=now)
