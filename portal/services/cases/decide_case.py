"""A reviewer takes a case, says what it is, and may think again for a minute (FRD-06)."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from portal.kit.errors import PortalError
from portal.kit.money import Money
from portal.kit.text import N_
from portal.models import RiskCase, RiskCasePerson, User, UserState
from portal.rules.cases import FREEZES, UNDO_WITHIN, Verdict
from portal.rules.freezes import note_of
from portal.rules.permissions import Actor, Permission, Scope, scopes_of
from portal.rules.step_up import StepUpAction
from portal.services.accounts.step_up import Binding, check_step_up
from portal.services.audit import AuditAction, Fact, record
from portal.services.cases.join_cases import one_at_a_time, people_of, set_apart, take_in_what_came
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
    session: Session,
    *,
    case_id: uuid.UUID,
    verdict: Verdict,
    note: str,
    version: int,
    actor: Actor,
    now: datetime,
    apart: Collection[uuid.UUID] = (),
) -> datetime:
    """Give a verdict; returns until when it can be undone. Accounts that are to be frozen are so at once.

    It concerns everybody in the case but those `apart`, who stay open in a case of their own. Money moves when the time
    is over, see apply_verdict. The same verdict of the same person twice is one. Raises CaseUnknownError,
    CaseMovedError, OwnCaseError, NobodyLeftError, StepUpNeededError for much money, and what freeze_account raises.
    """
    if apart:
        one_at_a_time(session)
    case = _lock(session, case_id, actor)
    if case.state == "decided" and (case.decided_by, case.verdict) == (actor.user_id, verdict.value):
        assert case.effects_at is not None
        return case.effects_at
    if case.state != "open" or case.version != version:
        raise CaseMovedError
    if apart:
        other = set_apart(session, case=case, people=apart, actor=actor, now=now)
        for one in (case, other):
            weigh_case(session, case_id=one.id)
        session.refresh(case)
    people = people_of(session, case_id=case_id)
    if actor.user_id in people:
        raise OwnCaseError
    stake = Money(case.stake_minor, case.currency)
    binding = Binding(f"case:{case_id}:{verdict}", stake)
    check_step_up(session, actor=actor, action=StepUpAction.DECIDE_CASE, binding=binding, now=now)
    reason = FREEZES.get(verdict)
    frozen: list[uuid.UUID] = []
    if reason is not None:
        active = select(User.id).where(User.id.in_(people), User.state == UserState.ACTIVE).order_by(User.id)
        frozen.extend(session.scalars(active))
        for user_id in frozen:
            freeze_account(session, user_id=user_id, reason=reason, note=f"case {case_id}", actor=actor, now=now)
        _note_frozen(session, case_id, frozen, froze=True)
    until = now + UNDO_WITHIN
    case.state, case.verdict, case.note = "decided", verdict.value, note_of(note)
    case.decided_by, case.decided_at, case.effects_at = actor.user_id, now, until
    case.version += 1
    session.flush()
    after = {"verdict": verdict.value, "froze": list(map(str, frozen)), "effects_at": until.isoformat()}
    fact = Fact(AuditAction.CASE_DECIDED, f"case:{case_id}", {"state": "open"}, after, case.note)
    record(session, fact, actor=actor, now=now)
    emit(session, Event("case.changed", f"case:{case_id}"), now=now)
    return until


def undo_verdict(session: Session, *, case_id: uuid.UUID, actor: Actor, now: datetime) -> None:
    """Open the case again, with the accounts as they were. Raises CaseUnknownError, CaseMovedError, UndoOverError."""
    one_at_a_time(session)
    case = _lock(session, case_id, actor)
    if case.state == "closed":
        raise UndoOverError
    if case.state != "decided" or case.decided_by != actor.user_id:
        raise CaseMovedError
    assert case.effects_at is not None
    if now >= case.effects_at:
        raise UndoOverError
    froze = select(RiskCasePerson.user_id).where(RiskCasePerson.case_id == case_id, RiskCasePerson.froze)
    frozen = session.scalars(froze.order_by(RiskCasePerson.user_id)).all()
    for user_id in frozen:
        clear_account(
            session, user_id=user_id, note="The verdict was undone.", actor=actor, now=now, despite_steps=True
        )
    _note_frozen(session, case_id, frozen, froze=False)
    before = {"state": "decided", "verdict": case.verdict}
    take_in_what_came(session, case=case, now=now)
    case.state, case.verdict, case.note = "open", None, None
    case.decided_by = case.decided_at = case.effects_at = None
    case.version += 1
    session.flush()
    weigh_case(session, case_id=case_id)
    fact = Fact(AuditAction.CASE_UNDONE, f"case:{case_id}", before, {"state": "open"})
    record(session, fact, actor=actor, now=now)
    emit(session, Event("case.changed", f"case:{case_id}"), now=now)


def _note_frozen(session: Session, case_id: uuid.UUID, people: Sequence[uuid.UUID], *, froze: bool) -> None:
    own = RiskCasePerson.case_id == case_id, RiskCasePerson.user_id.in_(people)
    session.execute(update(RiskCasePerson).where(*own).values(froze=froze))


def _lock(session: Session, case_id: uuid.UUID, actor: Actor) -> RiskCase:
    if Scope.ALL not in scopes_of(actor, Permission.FRAUD_DECIDE):
        raise CaseUnknownError
    case = session.execute(select(RiskCase).where(RiskCase.id == case_id).with_for_update()).scalar_one_or_none()
    if case is None:
        raise CaseUnknownError
    return case
