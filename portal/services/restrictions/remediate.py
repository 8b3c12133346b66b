"""What is done about a frozen account, ticked off step by step (FRD-07)."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from portal.db import insert_rows
from portal.kit.errors import PortalError
from portal.kit.ids import new_id
from portal.kit.text import N_
from portal.models import Procedure, Remediation, RemediationTick
from portal.rules.freezes import FreezeReason
from portal.rules.permissions import Actor, Permission, Scope, scopes_of
from portal.rules.remediation import NOTE_LENGTH_MAX, from_json, still_open
from portal.services.audit import AuditAction, Fact, label, record


class RemediationUnknownError(PortalError):
    """There is no such step, or this person has no say in it: one answer for both."""

    code = "not_found"
    status = 404
    sentence = N_("This page or record does not exist.")


class RemediationOverError(PortalError):
    """The account was cleared meanwhile."""

    code = "remediation_over"
    status = 409
    sentence = N_("The account was cleared meanwhile. Nothing was changed by you.")


class StepsOpenError(PortalError):
    """Something is still to be done before the account may be cleared."""

    code = "steps_open"
    status = 409
    sentence = N_("Not all steps are done: %(steps)s. Tick them off first, or say that you clear it anyway.")


def start_remediations(
    session: Session, *, freeze_id: uuid.UUID, user_id: uuid.UUID, reason: FreezeReason, actor: Actor, now: datetime
) -> None:
    """Begin every procedure that is for this reason. Called once, with the freeze."""
    procedures = session.scalars(
        select(Procedure)
        .where(Procedure.state == "open", Procedure.reasons.op("@>")([reason.value]))
        .order_by(Procedure.name, Procedure.id)
    ).all()
    for procedure in procedures:
        row = Remediation(
            id=new_id(),
            procedure_id=procedure.id,
            freeze_id=freeze_id,
            user_id=user_id,
            name=procedure.name,
            steps=procedure.steps,
            state="open",
            started_by=label(actor),
            started_at=now,
        )
        session.add(row)
        session.flush()
        after = {"remediation": str(row.id), "procedure": procedure.name, "version": procedure.version}
        record(session, Fact(AuditAction.REMEDIATION_STARTED, f"user:{user_id}", after=after), actor=actor, now=now)


def tick_step(
    session: Session, *, remediation_id: uuid.UUID, n: int, is_done: bool, note: str, actor: Actor, now: datetime
) -> uuid.UUID:
    """Say that a step is done, or that it is not after all; returns whose account it is. A second time is once.

    Raises RemediationUnknownError, RemediationOverError.
    """
    if Scope.ALL not in scopes_of(actor, Permission.USER_RESTRICT) or actor.user_id is None:
        raise RemediationUnknownError
    row = session.execute(
        select(Remediation).where(Remediation.id == remediation_id).with_for_update()
    ).scalar_one_or_none()
    if row is None or not 0 <= n < len(row.steps):
        raise RemediationUnknownError
    if row.state != "open":
        raise RemediationOverError
    mine = (RemediationTick.remediation_id == remediation_id, RemediationTick.n == n)
    known = session.scalar(select(RemediationTick.n).where(*mine)) is not None
    if known == is_done:
        return row.user_id
    kept = " ".join(note.replace("\0", "").split())[:NOTE_LENGTH_MAX] or None
    if is_done:
        tick = {"remediation_id": remediation_id, "n": n, "done_by": actor.user_id, "done_at": now, "note": kept}
        insert_rows(session, RemediationTick, [tick])
    else:
        session.execute(delete(RemediationTick).where(*mine))
    action = AuditAction.REMEDIATION_TICKED if is_done else AuditAction.REMEDIATION_UNTICKED
    after = {"remediation": str(remediation_id), "step": from_json(row.steps)[n].title}
    record(session, Fact(action, f"user:{row.user_id}", after=after, reason=kept), actor=actor, now=now)
    return row.user_id


def end_remediations(
    session: Session, *, freeze_id: uuid.UUID, despite_steps: bool, actor: Actor, now: datetime
) -> None:
    """End what belongs to a freeze that is lifted. Raises StepsOpenError unless all is done, or it is wanted anyway."""
    rows = session.scalars(
        select(Remediation)
        .where(Remediation.freeze_id == freeze_id, Remediation.state == "open")
        .order_by(Remediation.id)
        .with_for_update()
    ).all()
    for row in rows:
        ticked = session.scalars(select(RemediationTick.n).where(RemediationTick.remediation_id == row.id)).all()
        left = [step.title for step in still_open(from_json(row.steps), ticked)]
        if left and not despite_steps:
            raise StepsOpenError(steps=", ".join(left))
        state = "broken_off" if left else "done"
        session.execute(update(Remediation).where(Remediation.id == row.id).values(state=state, ended_at=now))
        after = {"remediation": str(row.id), "state": state, "open_steps": left}
        record(session, Fact(AuditAction.REMEDIATION_ENDED, f"user:{row.user_id}", after=after), actor=actor, now=now)
