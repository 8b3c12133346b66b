"""End what speaks for a person: sessions, his sign-in as such, his second proofs; and help him back (IDN-03, IDN-04).

A frozen account may look and not act; one whose sign-in is blocked is out altogether.
"""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from portal.kit.errors import PortalError
from portal.kit.text import N_
from portal.models import SecondFactor, User, WebSession
from portal.rules.permissions import Actor, Permission, Role
from portal.rules.step_up import StepUpAction
from portal.services.accounts.sessions import SessionMissingError, revoke
from portal.services.accounts.step_up import Binding, require_step_up
from portal.services.audit import AuditAction, Fact, record
from portal.services.outbox import Event, emit
from portal.services.people.person import lock_person, note, reason_of
from portal.services.restrictions.freeze_account import refuse_last_admin


class NoFactorsError(PortalError):
    code = "no_factors"
    status = 409
    sentence = N_("This person has no second proofs that could be removed.")


def block_sign_in(session: Session, *, user_id: uuid.UUID, reason: str, actor: Actor, now: datetime) -> bool:
    """Let nobody sign in as this person, and end his sessions at once; False when it was blocked before.

    His API keys do not work meanwhile either. Raises what lock_person() does, ReasonMissingError, LastAdminError.
    """
    user = lock_person(session, user_id=user_id, permission=Permission.USER_RESTRICT, actor=actor)
    if user.blocked_at is not None:
        return False
    why = reason_of(reason)
    if Role.ADMIN in user.roles:
        refuse_last_admin(session, user_ids=[user_id])
    session.execute(update(User).where(User.id == user_id).values(blocked_at=now))
    ended = revoke(session, WebSession.user_id == user_id, now=now)
    change = _keep(session, user_id, "blocked", why, AuditAction.USER_BLOCKED, {"sessions_ended": ended}, actor, now)
    _tell(session, "account.blocked", user_id, change, now)
    return True


def unblock_sign_in(session: Session, *, user_id: uuid.UUID, reason: str, actor: Actor, now: datetime) -> bool:
    """Let him sign in again; False when he could. Raises what lock_person() does, ReasonMissingError."""
    user = lock_person(session, user_id=user_id, permission=Permission.USER_RESTRICT, actor=actor)
    if user.blocked_at is None:
        return False
    why = reason_of(reason)
    session.execute(update(User).where(User.id == user_id).values(blocked_at=None))
    change = _keep(session, user_id, "unblocked", why, AuditAction.USER_UNBLOCKED, {}, actor, now)
    _tell(session, "account.unblocked", user_id, change, now)
    return True


def end_sessions(session: Session, *, user_id: uuid.UUID, reason: str, actor: Actor, now: datetime) -> bool:
    """Sign a person out everywhere; False when he was nowhere. Raises what lock_person() does, ReasonMissingError."""
    lock_person(session, user_id=user_id, permission=Permission.USER_SUPPORT, actor=actor)
    why = reason_of(reason)
    ended = revoke(session, WebSession.user_id == user_id, now=now)
    if ended:
        action = AuditAction.ACCOUNT_SESSION_REVOKED
        _keep(session, user_id, "signed_out", why, action, {"sessions": ended}, actor, now)
    return bool(ended)


def end_session(session: Session, *, user_id: uuid.UUID, session_id: uuid.UUID, actor: Actor, now: datetime) -> None:
    """Sign a person out of one browser. Raises what lock_person() does, SessionMissingError."""
    lock_person(session, user_id=user_id, permission=Permission.USER_SUPPORT, actor=actor)
    if not revoke(session, WebSession.id == session_id, WebSession.user_id == user_id, now=now):
        raise SessionMissingError
    after = {"session": str(session_id)}
    record(session, Fact(AuditAction.ACCOUNT_SESSION_REVOKED, f"user:{user_id}", after=after), actor=actor, now=now)


def send_password_link(session: Session, *, user_id: uuid.UUID, reason: str, actor: Actor, now: datetime) -> bool:
    """Have the mail sent with which he sets a new password, good for an hour. Nobody here gets to know either.

    Raises what lock_person() does, ReasonMissingError.
    """
    user = lock_person(session, user_id=user_id, permission=Permission.USER_SUPPORT, actor=actor)
    why = reason_of(reason)
    emit(
        session,
        Event("account.reset_requested", f"user:{user_id}", {"locale": user.locale}, profile_id=user_id),
        now=now,
    )
    _keep(session, user_id, "password_link", why, AuditAction.USER_PASSWORD_LINK_SENT, {}, actor, now)
    return True


def reset_factors(session: Session, *, user_id: uuid.UUID, reason: str, actor: Actor, now: datetime) -> bool:
    """Remove all second proofs of somebody who has lost them, and end his sessions; he is told of each by mail.

    It takes a second proof of whoever does it. Raises what lock_person() does, ReasonMissingError, NoFactorsError,
    StepUpNeededError.
    """
    lock_person(session, user_id=user_id, permission=Permission.USER_RESTRICT, actor=actor)
    why = reason_of(reason)
    own = SecondFactor.user_id == user_id
    factors = session.execute(
        select(SecondFactor.id, SecondFactor.kind).where(own, SecondFactor.confirmed_at.is_not(None))
    ).all()
    if not factors:
        raise NoFactorsError
    binding = Binding(f"factors:{user_id}")
    require_step_up(session, actor=actor, action=StepUpAction.RESET_FACTORS, binding=binding, now=now)
    session.execute(delete(SecondFactor).where(own))
    ended = revoke(session, WebSession.user_id == user_id, now=now)
    for factor in factors:
        emit(
            session,
            Event("account.factor_removed", f"user:{user_id}", {"kind": factor.kind}, profile_id=user_id),
            now=now,
        )
    after = {"factors": [str(one.id) for one in factors], "sessions_ended": ended}
    _keep(session, user_id, "factors_reset", why, AuditAction.USER_FACTORS_RESET, after, actor, now)
    return True


def _keep(
    session: Session,
    user_id: uuid.UUID,
    act: str,
    why: str,
    action: AuditAction,
    after: dict[str, object],
    actor: Actor,
    now: datetime,
) -> uuid.UUID:
    change = note(session, user_id=user_id, act=act, text=why, actor=actor, now=now)
    record(session, Fact(action, f"user:{user_id}", after=after or None), actor=actor, now=now)
    return change


def _tell(session: Session, kind: str, user_id: uuid.UUID, change: uuid.UUID, now: datetime) -> None:
    emit(session, Event(kind, f"user:{user_id}", {"change": str(change)}, profile_id=user_id), now=now)
