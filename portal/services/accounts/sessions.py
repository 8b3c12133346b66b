"""Web sessions: begun, renewed and revoked here, and nowhere else.

A session belongs to a browser; its token is known to that browser alone, and we keep only a hash of it. A revoked
session stays as a row, so that the list of devices and later questions about a purchase find it.
"""

from __future__ import annotations

import hashlib
import uuid
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, update
from sqlalchemy.orm import Session

from portal.crypto import blind_index
from portal.kit.errors import PortalError
from portal.kit.ids import new_id, new_token
from portal.kit.text import N_
from portal.models import WebSession
from portal.rules.permissions import Actor
from portal.services.audit import AuditAction, Fact, record

LIFETIME = timedelta(days=30)
# Not with every request: "last seen" is for people, and each update is a write.
TOUCHED_EVERY = timedelta(minutes=5)
USER_AGENT_LENGTH_MAX = 400


class SessionMissingError(PortalError):
    """There is no such session, or it is somebody else's, or it has ended."""

    code = "not_found"
    status = 404
    sentence = N_("This page or record does not exist.")


def hash_token(token: str) -> bytes:
    """What is stored of a session token: it is random, so one round of SHA-256 is enough."""
    return hashlib.sha256(token.encode()).digest()


def start_session(
    session: Session,
    *,
    user_id: uuid.UUID | None,
    ip: str,
    user_agent: str,
    device_id: uuid.UUID,
    now: datetime,
    in_place_of: uuid.UUID | None = None,
) -> tuple[str, WebSession]:
    """Begin a session and return its token, which is nowhere else, with the row.

    At every sign-in a new one begins; `in_place_of` revokes the one before, so that a token which somebody planted
    or overheard is worth nothing afterwards (session fixation).
    """
    if in_place_of is not None:
        revoke(session, WebSession.id == in_place_of, now=now)
    token = new_token()
    row = WebSession(
        id=new_id(),
        token_hash=hash_token(token),
        user_id=user_id,
        device_id=device_id,
        ip=ip,
        ip_index=blind_index(f"ip:{ip}"),
        user_agent=user_agent[:USER_AGENT_LENGTH_MAX],
        created_at=now,
        last_seen_at=now,
        expires_at=now + LIFETIME,
    )
    session.add(row)
    session.flush()
    return token, row


def touch_session(session: Session, *, session_id: uuid.UUID, now: datetime) -> bool:
    """Note that the browser is still there and let its session live on; at most once in TOUCHED_EVERY."""
    statement = (
        update(WebSession)
        .where(
            WebSession.id == session_id,
            WebSession.revoked_at.is_(None),
            WebSession.last_seen_at <= now - TOUCHED_EVERY,
        )
        .values(last_seen_at=now, expires_at=now + LIFETIME)
        .returning(WebSession.id)
    )
    return session.execute(statement).first() is not None


def sign_out(session: Session, *, actor: Actor, now: datetime) -> None:
    """End the actor's session. Its cookie is worthless from now on, wherever a copy of it may be."""
    if actor.session_id is not None and revoke(session, WebSession.id == actor.session_id, now=now):
        _record(session, AuditAction.ACCOUNT_SIGNED_OUT, actor, {"session": str(actor.session_id)}, now)


def revoke_session(session: Session, *, actor: Actor, session_id: uuid.UUID, now: datetime) -> None:
    """End one session of the actor. Raises SessionMissingError for anybody else's."""
    if not revoke(session, WebSession.id == session_id, WebSession.user_id == actor.user_id, now=now):
        raise SessionMissingError
    _record(session, AuditAction.ACCOUNT_SESSION_REVOKED, actor, {"session": str(session_id)}, now)


def sign_out_everywhere(session: Session, *, actor: Actor, now: datetime, but_here: bool = False) -> int:
    """End all sessions of the actor, on request but the present one, and say how many there were."""
    which = [WebSession.user_id == actor.user_id]
    if but_here:
        which.append(WebSession.id != actor.session_id)
    count = revoke(session, *which, now=now)
    _record(session, AuditAction.ACCOUNT_SESSION_REVOKED, actor, {"sessions": count}, now)
    return count


def revoke(session: Session, *which: ColumnElement[bool], now: datetime) -> int:
    """End the sessions that are meant, and say how many still lived."""
    statement = (
        update(WebSession)
        .where(WebSession.revoked_at.is_(None), *which)
        .values(revoked_at=now)
        .returning(WebSession.id)
    )
    return len(session.execute(statement).all())


def _record(session: Session, action: AuditAction, actor: Actor, after: dict[str, object], now: datetime) -> None:
    record(session, Fact(action, f"user:{actor.user_id}", after=after), actor=actor, now=now)
