"""Make a kept card the first choice, or have it forgotten, here at once and by a worker at the gateway (PAY-14)."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from portal.kit.errors import PortalError
from portal.kit.text import N_
from portal.models import SavedMethod
from portal.rules.permissions import SYSTEM, Actor
from portal.services.audit import AuditAction, Fact, record
from portal.services.methods.settle_setup import method_index
from portal.services.outbox import Event, emit

SEND_AGAIN_AFTER = timedelta(seconds=30)


class MethodUnknownError(PortalError):
    """There is no such card, or it is somebody else's, or it was removed."""

    code = "not_found"
    status = 404
    sentence = N_("This page or record does not exist.")


@dataclass(frozen=True, slots=True)
class MethodToForget:
    """What a worker needs to have it forgotten."""

    method_id: uuid.UUID
    gateway_account_id: int
    method_ref: str


@dataclass(frozen=True, slots=True)
class MethodToUse:
    """A kept card for a payment of its owner."""

    id: uuid.UUID
    gateway_account_id: int


def find_method(session: Session, *, user_id: uuid.UUID, method_id: uuid.UUID) -> MethodToUse:
    """One's own card. Raises MethodUnknownError."""
    row = session.execute(
        select(SavedMethod.id, SavedMethod.gateway_account_id).where(
            SavedMethod.id == method_id, SavedMethod.user_id == user_id, SavedMethod.removed_at.is_(None)
        )
    ).one_or_none()
    if row is None:
        raise MethodUnknownError
    return MethodToUse(row.id, row.gateway_account_id)


def make_default(session: Session, *, method_id: uuid.UUID, actor: Actor, now: datetime) -> None:
    """Offer this card first. Raises MethodUnknownError."""
    method = _own(session, method_id, actor)
    session.execute(
        update(SavedMethod)
        .where(SavedMethod.user_id == method.user_id, SavedMethod.is_default)
        .values(is_default=False)
    )
    method.is_default = True
    session.flush()
    fact = Fact(AuditAction.METHOD_CHOSEN, f"user:{method.user_id}", after={"method": str(method_id)})
    record(session, fact, actor=actor, now=now)


def remove_method(session: Session, *, method_id: uuid.UUID, actor: Actor, now: datetime) -> None:
    """Forget a card: nobody can pay with it from now on. Raises MethodUnknownError."""
    method = _own(session, method_id, actor)
    _forget(session, method, "wanted", actor, now)
    method.due_at = now
    payload = {"method": str(method_id)}
    emit(session, Event("method.removal_wanted", f"user:{method.user_id}", payload, priority="high"), now=now)


def note_detached(session: Session, *, gateway_account_id: int, method_ref: str, now: datetime) -> bool:
    """The gateway has forgotten a card, by whosever wish; False when it is none of ours."""
    method = session.scalars(
        select(SavedMethod)
        .where(SavedMethod.gateway_account_id == gateway_account_id, SavedMethod.ref_index == method_index(method_ref))
        .with_for_update()
    ).one_or_none()
    if method is None:
        return False
    if method.removed_at is None:
        _forget(session, method, "done", SYSTEM, now)
    method.removal = "done"
    return True


def claim_removal(session: Session, *, method_id: uuid.UUID, now: datetime) -> MethodToForget | None:
    """Take a removal that the gateway has not heard of."""
    method = session.scalars(
        select(SavedMethod)
        .where(SavedMethod.id == method_id, SavedMethod.removal == "wanted")
        .with_for_update(skip_locked=True)
    ).one_or_none()
    if method is None:
        return None
    method.due_at = now + SEND_AGAIN_AFTER
    return MethodToForget(method.id, method.gateway_account_id, method.method_ref)


def note_removed(session: Session, *, method_id: uuid.UUID) -> None:
    """The gateway has forgotten it."""
    session.execute(update(SavedMethod).where(SavedMethod.id == method_id).values(removal="done", due_at=None))


def removals_due(session: Session, *, now: datetime, limit: int = 100) -> list[uuid.UUID]:
    """Removals whose hint was lost, or which brought no answer."""
    due = select(SavedMethod.id).where(SavedMethod.removal == "wanted", SavedMethod.due_at <= now)
    return list(session.scalars(due.order_by(SavedMethod.due_at).limit(limit)))


def _own(session: Session, method_id: uuid.UUID, actor: Actor) -> SavedMethod:
    method = session.get(SavedMethod, method_id, with_for_update=True, populate_existing=True)
    if method is None or method.user_id != actor.user_id or method.removed_at is not None:
        raise MethodUnknownError
    return method


def _forget(session: Session, method: SavedMethod, removal: str, actor: Actor, now: datetime) -> None:
    method.removed_at, method.removal, method.is_default = now, removal, False
    session.flush()
    following = session.scalars(
        select(SavedMethod)
        .where(SavedMethod.user_id == method.user_id, SavedMethod.removed_at.is_(None))
        .order_by(SavedMethod.is_default.desc(), SavedMethod.created_at.desc())
        .limit(1)
    ).one_or_none()
    if following is not None:
        following.is_default = True
    session.flush()
    fact = Fact(AuditAction.METHOD_REMOVED, f"user:{method.user_id}", after={"method": str(method.id)})
    record(session, fact, actor=actor, now=now)
