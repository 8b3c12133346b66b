"""The wish to be forgotten: asked for by its person or for him, and taken back while there is time (IDN-06)."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.kit.errors import PortalError
from portal.kit.ids import new_id
from portal.kit.text import N_
from portal.models import Erasure, User, UserState
from portal.queries.erasure_blocks import load_erasure_blocks
from portal.rules.permissions import Actor, Permission, Scope, scopes_of
from portal.rules.privacy import GRACE, REASON_LENGTH_MAX, Block
from portal.rules.step_up import StepUpAction
from portal.services.accounts.step_up import Binding, require_step_up
from portal.services.audit import AuditAction, Fact, label, record
from portal.services.outbox import Event, emit


class ErasureForbiddenError(PortalError):
    """There is no such person, or this actor has no say in it: one answer for both."""

    code = "not_found"
    status = 404
    sentence = N_("This page or record does not exist.")


class ErasureBlockedError(PortalError):
    """Somebody still owes somebody something; `blocks` say what."""

    code = "erasure_blocked"
    status = 409
    sentence = N_(
        "The account cannot be deleted yet: see below what has to come to its end first. Nothing was changed."
    )

    def __init__(self, blocks: list[Block]) -> None:
        self.blocks = blocks
        super().__init__()


class GiveUpMissingError(PortalError):
    """Something is left that would be lost, and nobody has said that it may be."""

    code = "give_up_missing"
    sentence = N_("Say that you give up what is left on the balances, or use it first.")


class ErasureReasonMissingError(PortalError):
    code = "erasure_reason_missing"
    sentence = N_("Say who asked for it and how: it stands in the record.")


class NoErasureError(PortalError):
    """It was taken back, or is done."""

    code = "no_erasure"
    status = 409
    sentence = N_("No deletion of this account is under way. Nothing was changed.")


def request_erasure(
    session: Session, *, user_id: uuid.UUID, gives_up: bool, reason: str, actor: Actor, now: datetime
) -> datetime:
    """Have an account erased after the days of grace; returns when. A second wish changes nothing of the first.

    For somebody else it takes the permission and a reason. Raises ErasureForbiddenError, ErasureReasonMissingError,
    ErasureBlockedError, GiveUpMissingError, StepUpNeededError.
    """
    _check_may(actor, user_id)
    why = " ".join(reason.split())[:REASON_LENGTH_MAX]
    if actor.user_id != user_id and not why:
        raise ErasureReasonMissingError
    user = session.execute(select(User).where(User.id == user_id).with_for_update()).scalar_one_or_none()
    if user is None or user.state == UserState.CLOSED:
        raise ErasureForbiddenError
    known = session.scalar(select(Erasure.due_at).where(Erasure.user_id == user_id, Erasure.state == "waiting"))
    if known is not None:
        return known
    stands = load_erasure_blocks(session, user_id=user_id)
    if stands.stopping:
        raise ErasureBlockedError(stands.stopping)
    if Block.LEFT_OVER in stands.counts and not gives_up:
        raise GiveUpMissingError
    binding = Binding(f"user:{user_id}")
    require_step_up(session, actor=actor, action=StepUpAction.ERASE_ACCOUNT, binding=binding, now=now)
    row = Erasure(
        id=new_id(),
        user_id=user_id,
        state="waiting",
        requested_by=label(actor),
        reason=why or None,
        gives_up=gives_up,
        requested_at=now,
        due_at=now + GRACE,
    )
    session.add(row)
    session.flush()
    after = {"erasure": str(row.id), "due_at": row.due_at.isoformat(), "gives_up": gives_up}
    fact = Fact(AuditAction.ERASURE_REQUESTED, f"user:{user_id}", after=after, reason=why or None)
    record(session, fact, actor=actor, now=now)
    _tell(session, "erasure.requested", row, now)
    return row.due_at


def cancel_erasure(session: Session, *, user_id: uuid.UUID, actor: Actor, now: datetime) -> None:
    """Keep the account after all. Raises ErasureForbiddenError, NoErasureError."""
    _check_may(actor, user_id)
    row = session.scalars(
        select(Erasure).where(Erasure.user_id == user_id, Erasure.state == "waiting").with_for_update()
    ).one_or_none()
    if row is None:
        raise NoErasureError
    row.state, row.ended_at, row.ended_by = "cancelled", now, label(actor)
    session.flush()
    fact = Fact(AuditAction.ERASURE_CANCELLED, f"user:{user_id}", {"state": "waiting"}, {"state": "cancelled"})
    record(session, fact, actor=actor, now=now)
    _tell(session, "erasure.cancelled", row, now)


def _check_may(actor: Actor, user_id: uuid.UUID) -> None:
    is_own = actor.user_id == user_id and actor.client_id is None
    if not is_own and Scope.ALL not in scopes_of(actor, Permission.USER_ERASE):
        raise ErasureForbiddenError


def _tell(session: Session, kind: str, row: Erasure, now: datetime) -> None:
    payload = {"erasure": str(row.id), "due_at": row.due_at.isoformat()}
    emit(session, Event(kind, f"user:{row.user_id}", payload, profile_id=row.user_id), now=now)
