"""Procedures and how far they have come, for the desk (FRD-07)."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.models import Procedure, Remediation, RemediationTick, User
from portal.rules.remediation import Step, from_json

SHOWN = 5


@dataclass(frozen=True, slots=True)
class TickView:
    """Who ticked a step off, when, and what he said."""

    who: str
    at: datetime
    note: str | None


@dataclass(frozen=True, slots=True)
class RemediationView:
    """A procedure at work: its steps with their ticks, by place."""

    id: uuid.UUID
    name: str
    state: str
    started_at: datetime
    ended_at: datetime | None
    steps: tuple[Step, ...]
    ticks: Mapping[int, TickView]


def remediations_of(session: Session, *, user_id: uuid.UUID) -> list[RemediationView]:
    """What is and was done about a person's account, the latest first."""
    rows = session.scalars(
        select(Remediation)
        .where(Remediation.user_id == user_id)
        .order_by(Remediation.started_at.desc(), Remediation.id)
        .limit(SHOWN)
    ).all()
    ticks: dict[uuid.UUID, dict[int, TickView]] = {row.id: {} for row in rows}
    found: Any = session.execute(
        select(
            RemediationTick.remediation_id, RemediationTick.n, User.name, RemediationTick.done_at, RemediationTick.note
        )
        .join(User, User.id == RemediationTick.done_by)
        .where(RemediationTick.remediation_id.in_(ticks))
    )
    for tick in found:
        ticks[tick.remediation_id][tick.n] = TickView(tick.name, tick.done_at, tick.note)
    return [
        RemediationView(row.id, row.name, row.state, row.started_at, row.ended_at, from_json(row.steps), ticks[row.id])
        for row in rows
    ]


def list_procedures(session: Session) -> list[Procedure]:
    """All of them, those that begin with freezes first."""
    return list(session.scalars(select(Procedure).order_by(Procedure.state.desc(), Procedure.name, Procedure.id)))


def load_procedure(session: Session, *, procedure_id: uuid.UUID) -> Procedure | None:
    """One of them."""
    return session.get(Procedure, procedure_id)
