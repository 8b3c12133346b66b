"""What a person's own page about his data shows, and what the desk shows of erasures (IDN-06)."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.models import ConsentChoice, DataExport, Erasure

EXPORTS_SHOWN = 10
CHOICES_SHOWN = 30
ERASURES_SHOWN = 50


@dataclass(frozen=True, slots=True)
class ExportView:
    """A file, or that it is being made; `expires_at` is until when it can be had."""

    id: uuid.UUID
    state: str
    asked_at: datetime
    expires_at: datetime | None
    size: int | None


def list_exports(session: Session, *, user_id: uuid.UUID) -> list[ExportView]:
    """One's own, the latest first."""
    columns = (DataExport.id, DataExport.state, DataExport.asked_at, DataExport.expires_at, DataExport.size)
    statement = select(*columns).where(DataExport.user_id == user_id).order_by(DataExport.asked_at.desc())
    return [ExportView(*row) for row in session.execute(statement.limit(EXPORTS_SHOWN))]


def choices_made(session: Session, *, user_id: uuid.UUID) -> list[ConsentChoice]:
    """What was said of each purpose, the latest first."""
    statement = select(ConsentChoice).where(ConsentChoice.user_id == user_id).order_by(ConsentChoice.id.desc())
    return list(session.scalars(statement.limit(CHOICES_SHOWN)))


def latest_erasure(session: Session, *, user_id: uuid.UUID) -> Erasure | None:
    """The wish that is under way, or what became of the last one."""
    statement = (
        select(Erasure).where(Erasure.user_id == user_id).order_by(Erasure.requested_at.desc(), Erasure.id.desc())
    )
    return session.scalars(statement.limit(1)).one_or_none()


def list_erasures(session: Session) -> list[Erasure]:
    """What is under way (the next due first), then what came to its end lately."""
    is_over = Erasure.state != "waiting"
    statement = select(Erasure).order_by(is_over, Erasure.ended_at.desc().nulls_first(), Erasure.due_at, Erasure.id)
    return list(session.scalars(statement.limit(ERASURES_SHOWN)))
