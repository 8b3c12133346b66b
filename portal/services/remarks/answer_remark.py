"""A store answers a review or a question; the mall hides what may not be read, and shows it again (CAT-03)."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.kit.errors import PortalError
from portal.kit.text import N_
from portal.models import Remark
from portal.rules.permissions import Actor, Permission, Scope, may, scopes_of
from portal.rules.remarks import HidingReasonError, RemarkKind, read_text
from portal.services.audit import AuditAction, Fact, record
from portal.services.outbox import Event, emit
from portal.services.remarks.rating import add_to_rating, take_from_rating

REASON_LENGTH_MAX = 300


class RemarkUnknownError(PortalError):
    """There is none, or it is another store's: one answer for both."""

    code = "remark_unknown"
    status = 404
    sentence = N_("There is no such review or question.")


class RemarkChangedError(PortalError):
    code = "remark_changed"
    status = 409
    sentence = N_("Somebody answered or changed this meanwhile. Look at it again; nothing was changed by you.")


def answer_remark(
    session: Session, *, remark_id: uuid.UUID, words: str, version: int | None, actor: Actor, now: datetime
) -> None:
    """Answer, or write the answer anew; the same answer twice changes nothing. The author hears of the first one.

    Raises RemarkUnknownError, RemarkChangedError, RemarkEmptyError, RemarkTooLongError.
    """
    remark = _lock(session, remark_id)
    if remark is None or not may(actor, Permission.REMARK_ANSWER, store_id=remark.store_id):
        raise RemarkUnknownError
    kept, is_first = read_text(words), remark.answer is None
    if remark.answer == kept:
        return
    _refuse_changed(remark, version)
    before, after = {"answer": remark.answer}, {"answer": kept}
    remark.answer, remark.answered_at, remark.answered_by = kept, now, actor.user_id
    remark.version += 1
    session.flush()
    fact = Fact(AuditAction.REMARK_ANSWERED, f"remark:{remark.id}", before=before, after=after)
    record(session, fact, actor=actor, now=now)
    if is_first:
        values = {"remark": str(remark.id), "store": str(remark.store_id)}
        event = Event("remark.answered", f"remark:{remark.id}", values, profile_id=remark.author_id)
        emit(session, event, now=now)


def hide_remark(
    session: Session, *, remark_id: uuid.UUID, reason: str, version: int | None, actor: Actor, now: datetime
) -> None:
    """Take it from everybody's sight, with a reason; its stars count no more.

    Raises RemarkUnknownError, RemarkChangedError, HidingReasonError.
    """
    remark = _for_the_mall(session, remark_id, actor)
    said = reason.replace("\0", "").strip()[:REASON_LENGTH_MAX]
    if not said:
        raise HidingReasonError
    if remark.hidden_at is not None:
        return
    _refuse_changed(remark, version)
    remark.hidden_at, remark.hidden_reason, remark.hidden_by = now, said, actor.user_id
    _settle(session, remark, AuditAction.REMARK_HIDDEN, said, actor, now)
    if remark.kind == RemarkKind.REVIEW:
        assert remark.stars is not None
        take_from_rating(session, product_id=remark.product_id, stars=remark.stars)


def show_remark(session: Session, *, remark_id: uuid.UUID, version: int | None, actor: Actor, now: datetime) -> None:
    """Let everybody read it again. Raises RemarkUnknownError, RemarkChangedError."""
    remark = _for_the_mall(session, remark_id, actor)
    if remark.hidden_at is None:
        return
    _refuse_changed(remark, version)
    remark.hidden_at = remark.hidden_reason = remark.hidden_by = None
    _settle(session, remark, AuditAction.REMARK_SHOWN, None, actor, now)
    if remark.kind == RemarkKind.REVIEW:
        assert remark.stars is not None
        add_to_rating(session, product_id=remark.product_id, stars=remark.stars)


def _lock(session: Session, remark_id: uuid.UUID) -> Remark | None:
    return session.execute(select(Remark).where(Remark.id == remark_id).with_for_update()).scalar_one_or_none()


def _for_the_mall(session: Session, remark_id: uuid.UUID, actor: Actor) -> Remark:
    remark = _lock(session, remark_id)
    if remark is None or Scope.ALL not in scopes_of(actor, Permission.REMARK_MODERATE):
        raise RemarkUnknownError
    return remark


def _refuse_changed(remark: Remark, version: int | None) -> None:
    if version is not None and version != remark.version:
        raise RemarkChangedError


def _settle(
    session: Session, remark: Remark, action: AuditAction, reason: str | None, actor: Actor, now: datetime
) -> None:
    remark.version += 1
    session.flush()
    record(session, Fact(action, f"remark:{remark.id}", reason=reason), actor=actor, now=now)
