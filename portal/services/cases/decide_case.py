"""A reviewer takes a case, says what it is, and may think again for a minute (FRD-06)."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from portal.kit.errors import PortalError
from portal.kit.money import Money
from portal.kit.text import N_
from portal.models import RiskCase, RiskCaseDecision, User, UserState
from portal.rules.cases import FREEZES, UNDO_WITHIN, Verdict
from portal.rules.freezes import note_of
from portal.rules.permissions import Actor, Permission, Scope, scopes_of
from portal.rules.step_up import StepUpAction
from portal.services.accounts.step_up import Binding, check_step_up
from portal.services.audit import AuditAction, Fact, record
from portal.services.cases.open_cases import weigh_case
from portal.services.outbox import Event, emit
from portal.services.restrictions.clear_account import clear_account
from portal.services.restrictions.freeze_account import freeze_account


class CaseUnknownError(PortalError):
    """There is no such case, or this person has no say in it: one answer for both."""

    code = "not_found"
    status = 404
    sentence = N_("This page or record does not exist.")


class CaseMovedError(PortalError):
    """It is not as the reviewer saw it: decided by another, or more has come to it."""

    code = "case_moved"
    status = 409
    sentence = N_("The case has changed since you opened it. Look at it again; nothing was done by you.")


class OwnCaseError(PortalError):
    code = "own_case"
    status = 409
    sentence = N_("This case is about yourself. Somebody else has to decide it.")


class UndoOverError(PortalError):
    """What follows has been sent; a gateway takes nothing back."""

    code = "undo_over"
    status = 409
    sentence = N_("The minute is over: what follows from the verdict is on its way and cannot be undone here.")


def take_case(session: Session, *, case_id: uuid.UUID, actor: Actor, now: datetime) -> None:
    """Make the actor the one who looks at it, whoever was before. Raises CaseUnknownError, CaseMovedError."""
    case = _lock(session, case_id, actor)
    if case.state != "open":
        raise CaseMovedError
    before = {"assignee": str(case.assignee_id) if case.assignee_id else None}
    case.assignee_id, case.assigned_at = actor.user_id, now
    session.flush()
    fact = Fact(AuditAction.CASE_TAKEN, f"case:{case_id}", before, {"assignee": str(actor.user_id)})
    record(session, fact, actor=actor, now=now)
    emit(session, Event("case.changed", f"case:{case_id}"), now=now)


def decide_case(
    session: Session, *, case_id: uuid.UUID, verdict: Verdict, note: str, version: int, actor: Actor, now: datetime
) -> datetime:
    """Give a verdict; returns until when it can be undone. An account that is to be frozen is so at once.

    Money moves when that time is over, see apply_verdict. The same verdict of the same person twice is one. Raises
    CaseUnknownError, CaseMovedError, OwnCaseError, StepUpNeededError for much money, and what freeze_account raises.
    """
    case = _lock(session, case_id, actor)
    if case.user_id == actor.user_id:
        raise OwnCaseError
    if case.state == "decided" and (case.decided_by, case.verdict) == (actor.user_id, verdict.value):
        assert case.effects_at is not None
        return case.effects_at
    if case.state != "open" or case.version != version:
        raise CaseMovedError
    stake = Money(case.stake_minor, case.currency)
    binding = Binding(f"case:{case_id}:{verdict}", stake)
    check_step_up(session, actor=actor, action=StepUpAction.DECIDE_CASE, binding=binding, now=now)
    reason = FREEZES.get(verdict)
    if reason is not None:
        state = session.scalar(select(User.state).where(User.id == case.user_id))
        if state == UserState.ACTIVE:
            freeze_account(session, user_id=case.user_id, reason=reason, note=f"case {case_id}", actor=actor, now=now)
            case.froze = True
    until = now + UNDO_WITHIN
    case.state, case.verdict, case.note = "decided", verdict.value, note_of(note)
    case.decided_by, case.decided_at, case.effects_at = actor.user_id, now, until
    case.version += 1
    session.flush()
    after = {"verdict": verdict.value, "froze": case.froze, "effects_at": until.isoformat()}
    fact = Fact(AuditAction.CASE_DECIDED, f"case:{case_id}", {"state": "open"}, after, case.note)
    record(session, fact, actor=actor, now=now)
    emit(session, Event("case.changed", f"case:{case_id}"), now=now)
    return until


def undo_verdict(session: Session, *, case_id: uuid.UUID, actor: Actor, now: datetime) -> None:
    """Open the case again, with the account as it was. Raises CaseUnknownError, CaseMovedError, UndoOverError."""
    case = _lock(session, case_id, actor)
    if case.state == "closed":
        raise UndoOverError
    if case.state != "decided" or case.decided_by != actor.user_id:
        raise CaseMovedError
    assert case.effects_at is not None
    if now >= case.effects_at:
        raise UndoOverError
    if case.froze:
        clear_account(
            session, user_id=case.user_id, note="The verdict was undone.", actor=actor, now=now, despite_steps=True
        )
    before = {"state": "decided", "verdict": case.verdict}
    _merge(session, case)
    case.state, case.verdict, case.note, case.froze = "open", None, None, False
    case.decided_by = case.decided_at = case.effects_at = None
    case.version += 1
    session.flush()
    weigh_case(session, case_id=case_id)
    fact = Fact(AuditAction.CASE_UNDONE, f"case:{case_id}", before, {"state": "open"})
    record(session, fact, actor=actor, now=now)
    emit(session, Event("case.changed", f"case:{case_id}"), now=now)


def _merge(session: Session, case: RiskCase) -> None:
    """What came in meanwhile made a case of its own: it goes on in the older one."""
    younger = session.scalar(
        select(RiskCase.id).where(RiskCase.user_id == case.user_id, RiskCase.state == "open").with_for_update()
    )
    if younger is None:
        return
    session.execute(update(RiskCaseDecision).where(RiskCaseDecision.case_id == younger).values(case_id=case.id))
    session.execute(update(RiskCase).where(RiskCase.id == younger).values(state="merged", version=RiskCase.version + 1))


def _lock(session: Session, case_id: uuid.UUID, actor: Actor) -> RiskCase:
    if Scope.ALL not in scopes_of(actor, Permission.FRAUD_DECIDE):
        raise CaseUnknownError
    case = session.execute(select(RiskCase).where(RiskCase.id == case_id).with_for_update()).scalar_one_or_none()
    if case is None:
        raise CaseUnknownError
    return case
