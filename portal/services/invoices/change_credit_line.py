"""Credit lines: granted, changed, closed by administrators; a large one waits for a second person (PAY-17)."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.crypto import email_index
from portal.kit.currency import POINTS, is_currency
from portal.kit.errors import PortalError
from portal.kit.ids import new_id
from portal.kit.text import N_
from portal.models import CreditLine, User
from portal.queries.credit import load_credit
from portal.rules.invoices import DAYS_MAX, LIMIT_MAX, needs_second_look
from portal.rules.permissions import Actor, Permission, Scope, scopes_of
from portal.services.audit import AuditAction, Fact, label, record

REASON_LENGTH_MAX = 500


class CreditLineUnknownError(PortalError):
    code = "not_found"
    status = 404
    sentence = N_("This page or record does not exist.")


class CreditPersonUnknownError(PortalError):
    code = "credit_person_unknown"
    sentence = N_("Nobody has this e-mail address.")


class CreditOwnError(PortalError):
    code = "credit_own"
    status = 403
    sentence = N_("Nobody grants credit to himself. Somebody else does it.")


class CreditTermsError(PortalError):
    code = "credit_terms"
    sentence = N_("A limit above zero, 1 to 180 days to pay, and a reason are needed.")


class CreditBelowUsedError(PortalError):
    code = "credit_below_used"
    status = 409
    sentence = N_("More than this is owed just now. Close the line instead: then nothing more is bought on it.")


class CreditNotWaitingError(PortalError):
    code = "credit_not_waiting"
    status = 409
    sentence = N_("No higher limit waits here (any more).")


class CreditSecondPersonError(PortalError):
    code = "credit_second_person"
    status = 403
    sentence = N_("Who has asked for a higher limit cannot agree to it himself.")


def grant_credit(
    session: Session,
    *,
    email: str,
    currency: str,
    limit_minor: int,
    days: int,
    reason: str,
    actor: Actor,
    now: datetime,
) -> CreditLine:
    """Open or change a person's line in one currency. A limit above the threshold waits for a second administrator.

    Raises CreditLineUnknownError without the permission, CreditPersonUnknownError, CreditOwnError, CreditTermsError,
    CreditBelowUsedError.
    """
    _check_may(actor)
    user_id = session.execute(
        select(User.id).where(User.email_index == email_index(email.strip()))
    ).scalar_one_or_none()
    if user_id is None:
        raise CreditPersonUnknownError
    if user_id == actor.user_id:
        raise CreditOwnError
    why = " ".join(reason.split())[:REASON_LENGTH_MAX]
    if not (
        0 < limit_minor <= LIMIT_MAX and 1 <= days <= DAYS_MAX and why and is_currency(currency) and currency != POINTS
    ):
        raise CreditTermsError
    line = session.execute(
        select(CreditLine).where(CreditLine.user_id == user_id, CreditLine.currency == currency).with_for_update()
    ).scalar_one_or_none()
    known = load_credit(session, user_id=user_id, currency=currency)
    if known is not None and limit_minor < known.used_minor:
        raise CreditBelowUsedError
    before = None if line is None else _told(line)
    if line is None:
        line = CreditLine(id=new_id(), user_id=user_id, currency=currency, limit_minor=0, state="closed", opened_at=now)
        session.add(line)
    raised = line.state != "open" or limit_minor > line.limit_minor
    waits = raised and needs_second_look(limit_minor, currency)
    line.days, line.reason = days, why
    line.changed_at, line.changed_by = now, label(actor)
    line.wanted_minor, line.wanted_by = (limit_minor, label(actor)) if waits else (None, None)
    if not waits:
        line.state, line.limit_minor = "open", limit_minor
    session.flush()
    action = AuditAction.CREDIT_LINE_WANTED if waits else AuditAction.CREDIT_LINE_CHANGED
    fact = Fact(action, f"user:{user_id}", before=before, after=_told(line), reason=why)
    record(session, fact, actor=actor, now=now)
    return line


def agree_to_credit(session: Session, *, line_id: uuid.UUID, actor: Actor, now: datetime) -> None:
    """Put a waiting limit in force. Raises CreditLineUnknownError, CreditNotWaitingError, CreditSecondPersonError,
    CreditOwnError, CreditBelowUsedError.
    """
    line = _take(session, line_id, actor)
    if line.wanted_minor is None:
        raise CreditNotWaitingError
    if line.wanted_by == label(actor):
        raise CreditSecondPersonError
    known = load_credit(session, user_id=line.user_id, currency=line.currency)
    if known is not None and line.wanted_minor < known.used_minor:
        raise CreditBelowUsedError
    before = _told(line)
    line.state, line.limit_minor, line.wanted_minor, line.wanted_by = "open", line.wanted_minor, None, None
    line.changed_at, line.changed_by = now, label(actor)
    _note(session, line, before, actor, now)


def close_credit(session: Session, *, line_id: uuid.UUID, actor: Actor, now: datetime) -> None:
    """Let nothing more be bought on it; what is owed stays owed. Raises CreditLineUnknownError, CreditOwnError."""
    line = _take(session, line_id, actor)
    before = _told(line)
    line.state, line.wanted_minor, line.wanted_by = "closed", None, None
    line.changed_at, line.changed_by = now, label(actor)
    _note(session, line, before, actor, now)


def _check_may(actor: Actor) -> None:
    if Scope.ALL not in scopes_of(actor, Permission.CREDIT_GRANT):
        raise CreditLineUnknownError


def _take(session: Session, line_id: uuid.UUID, actor: Actor) -> CreditLine:
    _check_may(actor)
    line = session.execute(select(CreditLine).where(CreditLine.id == line_id).with_for_update()).scalar_one_or_none()
    if line is None:
        raise CreditLineUnknownError
    if line.user_id == actor.user_id:
        raise CreditOwnError
    return line


def _note(session: Session, line: CreditLine, before: dict[str, object], actor: Actor, now: datetime) -> None:
    session.flush()
    fact = Fact(AuditAction.CREDIT_LINE_CHANGED, f"user:{line.user_id}", before=before, after=_told(line))
    record(session, fact, actor=actor, now=now)


def _told(line: CreditLine) -> dict[str, object]:
    return {
        "currency": line.currency,
        "limit_minor": line.limit_minor,
        "days": line.days,
        "state": line.state,
        "wanted_minor": line.wanted_minor,
    }
