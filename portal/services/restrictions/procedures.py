"""Administrators say what is to be done about frozen accounts (FRD-07)."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.kit.errors import PortalError
from portal.kit.ids import new_id
from portal.kit.text import N_
from portal.models import Procedure
from portal.rules.freezes import FreezeReason
from portal.rules.permissions import Actor, Permission, Scope, scopes_of
from portal.rules.remediation import NAME_LENGTH_MAX, read_steps, to_json
from portal.services.audit import AuditAction, Fact, record


class ProcedureUnknownError(PortalError):
    """There is no such procedure, or this person has no say in it: one answer for both."""

    code = "not_found"
    status = 404
    sentence = N_("This page or record does not exist.")


class ProcedureMovedError(PortalError):
    """Somebody else has changed it since it was shown."""

    code = "procedure_moved"
    status = 409
    sentence = N_("Somebody else has changed this procedure meanwhile. Look at it again; nothing was changed by you.")


class ProcedureUnfitError(PortalError):
    code = "procedure_unfit"
    sentence = N_("Give the procedure a name, and say for which reasons of a freeze it is.")


def save_procedure(
    session: Session,
    *,
    procedure_id: uuid.UUID | None,
    name: str,
    reasons: Collection[str],
    steps: str,
    version: int | None,
    actor: Actor,
    now: datetime,
) -> uuid.UUID:
    """Write a new procedure, or another version of one; what is under way goes on as it began.

    Raises ProcedureUnknownError, ProcedureMovedError, ProcedureUnfitError, StepsUnfitError.
    """
    _check(actor)
    assert actor.user_id is not None  # Nobody without an account holds the permission.
    tidy = " ".join(name.replace("\0", "").split())
    if not 1 <= len(tidy) <= NAME_LENGTH_MAX or not reasons or not set(reasons) <= set(FreezeReason):
        raise ProcedureUnfitError
    kept = to_json(read_steps(steps))
    values = {"name": tidy, "reasons": sorted(set(reasons)), "steps": kept}
    before = None
    if procedure_id is None:
        row = Procedure(id=new_id(), state="open", changed_by=actor.user_id, changed_at=now, **values)
        session.add(row)
    else:
        row = _lock(session, procedure_id, version)
        before = {"name": row.name, "reasons": row.reasons, "steps": row.steps}
        row.name, row.reasons, row.steps = tidy, sorted(set(reasons)), kept
        row.changed_by, row.changed_at, row.version = actor.user_id, now, row.version + 1
    session.flush()
    record(session, Fact(AuditAction.PROCEDURE_SAVED, f"procedure:{row.id}", before, values), actor=actor, now=now)
    return row.id


def move_procedure(
    session: Session, *, procedure_id: uuid.UUID, state: str, version: int | None, actor: Actor, now: datetime
) -> None:
    """Let a procedure begin no more with freezes (`closed`), or again (`open`). Raises as save_procedure()."""
    _check(actor)
    assert actor.user_id is not None  # As above.
    if state not in {"open", "closed"}:
        raise ProcedureUnfitError
    row = _lock(session, procedure_id, version)
    before, row.state = row.state, state
    row.changed_by, row.changed_at, row.version = actor.user_id, now, row.version + 1
    session.flush()
    fact = Fact(AuditAction.PROCEDURE_SAVED, f"procedure:{row.id}", {"state": before}, {"state": state})
    record(session, fact, actor=actor, now=now)


def _lock(session: Session, procedure_id: uuid.UUID, version: int | None) -> Procedure:
    row = session.execute(select(Procedure).where(Procedure.id == procedure_id).with_for_update()).scalar_one_or_none()
    if row is None:
        raise ProcedureUnknownError
    if row.version != version:
        raise ProcedureMovedError
    return row


def _check(actor: Actor) -> None:
    if Scope.ALL not in scopes_of(actor, Permission.FRAUD_CONFIGURE):
        raise ProcedureUnknownError
