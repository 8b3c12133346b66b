"""Somebody takes a difference, and says what it was (BAL-11)."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.kit.errors import PortalError
from portal.kit.text import N_
from portal.models import ReconciliationBreak
from portal.rules.permissions import Actor, Permission, may
from portal.services.audit import AuditAction, Fact, label, record

NOTE_LENGTH_MAX = 1000


class BreakUnknownError(PortalError):
    code = "not_found"
    status = 404
    sentence = N_("This page or record does not exist.")


class BreakClosedError(PortalError):
    code = "break_closed"
    status = 409
    sentence = N_("This difference was closed meanwhile. Nothing was changed by you.")


class BreakNoteMissingError(PortalError):
    code = "break_note_missing"
    sentence = N_("Say what it was: it stands in the record.")


def take_break(session: Session, *, break_id: uuid.UUID, actor: Actor, now: datetime) -> None:
    """Make the actor its owner, also after somebody else. Raises BreakUnknownError, BreakClosedError."""
    row = _lock(session, break_id, actor)
    before = {"state": row.state, "owner": str(row.owner_id) if row.owner_id else None}
    row.state, row.owner_id = "taken", actor.user_id
    after = {"state": row.state, "owner": str(row.owner_id)}
    record(session, Fact(AuditAction.BREAK_TAKEN, f"break:{row.id}", before, after), actor=actor, now=now)


def explain_break(session: Session, *, break_id: uuid.UUID, note: str, actor: Actor, now: datetime) -> None:
    """Close it with what it was. A run that finds it again opens a new one.

    Raises BreakUnknownError, BreakClosedError, BreakNoteMissingError.
    """
    kept = note.strip()[:NOTE_LENGTH_MAX]
    if not kept:
        raise BreakNoteMissingError
    row = _lock(session, break_id, actor)
    before = {"state": row.state}
    row.state, row.note, row.closed_at, row.closed_by = "explained", kept, now, label(actor)
    fact = Fact(AuditAction.BREAK_EXPLAINED, f"break:{row.id}", before, {"state": row.state}, reason=kept)
    record(session, fact, actor=actor, now=now)


def _lock(session: Session, break_id: uuid.UUID, actor: Actor) -> ReconciliationBreak:
    if not may(actor, Permission.BOOKS_RECONCILE):
        raise BreakUnknownError
    row = session.execute(
        select(ReconciliationBreak).where(ReconciliationBreak.id == break_id).with_for_update()
    ).scalar_one_or_none()
    if row is None:
        raise BreakUnknownError
    if row.closed_at is not None:
        raise BreakClosedError
    return row
