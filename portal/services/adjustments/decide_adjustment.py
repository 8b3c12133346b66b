"""Confirm a correction, let a second person decide about a large one, call it off, undo it (BAL-07)."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.kit.errors import PortalError
from portal.kit.money import Money
from portal.kit.text import N_
from portal.models import Adjustment, AdjustmentLine, User
from portal.rules.adjustments import REASON_LENGTH_MAX, REASON_LENGTH_MIN
from portal.rules.permissions import Actor
from portal.rules.states import Machine
from portal.rules.step_up import StepUpAction
from portal.services.accounts.step_up import Binding, check_step_up
from portal.services.adjustments.prepare_adjustment import AdjustmentReasonError, check_may_adjust
from portal.services.audit import AuditAction, Fact, record
from portal.services.history import Move, record_moves
from portal.services.outbox import Event, emit


class AdjustmentUnknownError(PortalError):
    code = "not_found"
    status = 404
    sentence = N_("This page or record does not exist.")


class AdjustmentDecidedError(PortalError):
    """Somebody was faster, or it is over."""

    code = "adjustment_decided"
    status = 409
    sentence = N_("%(name)s has decided about this correction already. Nothing was changed by you.")


class AdjustmentNotOpenError(PortalError):
    code = "adjustment_not_open"
    status = 409
    sentence = N_("This correction is not open for that any more. Nothing was changed by you.")


class OwnAdjustmentError(PortalError):
    code = "adjustment_own"
    status = 403
    sentence = N_("Somebody else has to decide about this: you have prepared it, or it is about your own balance.")


class NothingToAdjustError(PortalError):
    code = "adjustment_empty"
    sentence = N_("Not one line of this can be carried out.")


def confirm_adjustment(session: Session, *, adjustment_id: uuid.UUID, actor: Actor, now: datetime) -> str:
    """Send a draft on its way by whoever has prepared it; returns `running`, or `waiting` for a second person.

    Raises AdjustmentUnknownError, AdjustmentNotOpenError, NothingToAdjustError, and StepUpNeededError over the
    threshold.
    """
    row = _take(session, adjustment_id, actor)
    if row.made_by != actor.user_id:
        raise AdjustmentUnknownError
    if row.state != "draft":
        raise AdjustmentNotOpenError
    if row.lines == row.refused:
        raise NothingToAdjustError
    _prove(session, row, actor, now)
    _move(session, row, "waiting" if row.needs_second else "running", actor, now)
    return row.state


def approve_adjustment(session: Session, *, adjustment_id: uuid.UUID, actor: Actor, now: datetime) -> None:
    """Agree as the second person. Of two at once one has decided, and the other is told who.

    Raises AdjustmentUnknownError, AdjustmentDecidedError, OwnAdjustmentError, and StepUpNeededError.
    """
    row = _take_waiting(session, adjustment_id, actor)
    _prove(session, row, actor, now)
    _decide(session, row, "running", None, actor, now)


def refuse_adjustment(session: Session, *, adjustment_id: uuid.UUID, reason: str, actor: Actor, now: datetime) -> None:
    """Say no as the second person. Raises as approve_adjustment, and AdjustmentReasonError."""
    kept = _reason(reason)
    row = _take_waiting(session, adjustment_id, actor)
    _decide(session, row, "refused", kept, actor, now)


def cancel_adjustment(session: Session, *, adjustment_id: uuid.UUID, actor: Actor, now: datetime) -> None:
    """Call off what one has prepared oneself and nobody has decided."""
    row = _take(session, adjustment_id, actor)
    if row.made_by != actor.user_id:
        raise AdjustmentUnknownError
    if row.state not in {"draft", "waiting"}:
        raise AdjustmentNotOpenError
    row.ended_at = now
    _move(session, row, "cancelled", actor, now)


def undo_adjustment(session: Session, *, adjustment_id: uuid.UUID, reason: str, actor: Actor, now: datetime) -> None:
    """Begin to take a correction back: each of its entries gets a reversing one, nothing is deleted.

    Raises AdjustmentUnknownError, AdjustmentNotOpenError, AdjustmentReasonError, and StepUpNeededError.
    """
    kept = _reason(reason)
    row = _take(session, adjustment_id, actor)
    if row.state != "done":
        raise AdjustmentNotOpenError
    if _is_about(session, row, actor):
        raise OwnAdjustmentError
    _prove(session, row, actor, now)
    row.undone_by, row.undo_reason = actor.user_id, kept
    _move(session, row, "undoing", actor, now, reason=kept)


def _take(session: Session, adjustment_id: uuid.UUID, actor: Actor) -> Adjustment:
    row = session.execute(
        select(Adjustment).where(Adjustment.id == adjustment_id).with_for_update()
    ).scalar_one_or_none()
    if row is None:
        raise AdjustmentUnknownError
    check_may_adjust(actor, row.kind)
    return row


def _take_waiting(session: Session, adjustment_id: uuid.UUID, actor: Actor) -> Adjustment:
    row = _take(session, adjustment_id, actor)
    if row.decided_by is not None and row.decided_by != actor.user_id:
        name = session.scalar(select(User.name).where(User.id == row.decided_by))
        raise AdjustmentDecidedError(name=name)
    if row.state != "waiting":
        raise AdjustmentNotOpenError
    if row.made_by == actor.user_id or _is_about(session, row, actor):
        raise OwnAdjustmentError
    return row


def _is_about(session: Session, row: Adjustment, actor: Actor) -> bool:
    about = select(AdjustmentLine.id).where(
        AdjustmentLine.adjustment_id == row.id,
        AdjustmentLine.user_id == actor.user_id,
        AdjustmentLine.state != "refused",
    )
    return session.scalar(select(about.exists())) or False


def _prove(session: Session, row: Adjustment, actor: Actor, now: datetime) -> None:
    binding = Binding(f"adjustment:{row.id}", Money(row.up_minor + row.down_minor, row.currency))
    check_step_up(session, actor=actor, action=StepUpAction.ADJUST_BALANCES, binding=binding, now=now)


def _reason(typed: str) -> str:
    kept = " ".join(typed.replace("\0", "").split())
    if not REASON_LENGTH_MIN <= len(kept) <= REASON_LENGTH_MAX:
        raise AdjustmentReasonError(least=REASON_LENGTH_MIN, most=REASON_LENGTH_MAX)
    return kept


def _decide(session: Session, row: Adjustment, new: str, answer: str | None, actor: Actor, now: datetime) -> None:
    row.decided_by, row.decided_at, row.answer = actor.user_id, now, answer
    if new == "refused":
        row.ended_at = now
    _move(session, row, new, actor, now, reason=answer)


def _move(
    session: Session, row: Adjustment, new: str, actor: Actor, now: datetime, *, reason: str | None = None
) -> None:
    old = row.state
    record_moves(session, Move(Machine.ADJUSTMENT, row.id, old, new, reason=reason), actor=actor, now=now)
    row.state = new
    session.flush()
    fact = Fact(
        AuditAction.ADJUSTMENT_DECIDED,
        f"adjustment:{row.id}",
        before={"state": old},
        after={"state": new, "up_minor": row.up_minor, "down_minor": row.down_minor},
        reason=reason or row.reason,
    )
    record(session, fact, actor=actor, now=now)
    payload = {"adjustment": str(row.id), "state": new}
    emit(session, Event(f"adjustment.{new}", f"adjustment:{row.id}", payload), now=now)
