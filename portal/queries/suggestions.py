"""Suggestions from results as the desk shows them (INC-05)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.models import Automation, IncentiveSuggestion, User
from portal.rules.suggestions import Evidence, from_json

DECIDED_SHOWN = 10


@dataclass(frozen=True, slots=True)
class SuggestionRow:
    """A suggestion with what it is about, on what it stands, and who decided what."""

    id: int
    kind: str
    segment: str | None
    people_max: int | None
    evidence: Sequence[Evidence]
    state: str
    renewed_at: datetime
    decided_at: datetime | None
    reason: str | None
    automation_id: int
    title: str
    automation_state: str
    people_now: int
    decided_by: str | None


def list_suggestions(session: Session, *, is_open: bool) -> list[SuggestionRow]:
    """Those that wait, the oldest first; or the latest that somebody decided about."""
    one = IncentiveSuggestion
    statement = (
        select(one, Automation.title, Automation.state, Automation.people_max, User.name)
        .join(Automation, Automation.id == one.automation_id)
        .outerjoin(User, User.id == one.decided_by)
    )
    if is_open:
        statement = statement.where(one.state == "open").order_by(one.id)
    else:
        decided = statement.where(one.state.in_(("taken", "dismissed")))
        statement = decided.order_by(one.decided_at.desc(), one.id.desc()).limit(DECIDED_SHOWN)
    return [_row(*found) for found in session.execute(statement)]


def _row(one: IncentiveSuggestion, title: str, state: str, people_now: int, decided_by: str | None) -> SuggestionRow:
    return SuggestionRow(
        id=one.id,
        kind=one.kind,
        segment=one.segment,
        people_max=one.people_max,
        evidence=[from_json(kept) for kept in one.evidence],
        state=one.state,
        renewed_at=one.renewed_at,
        decided_at=one.decided_at,
        reason=one.reason,
        automation_id=one.automation_id,
        title=title,
        automation_state=state,
        people_now=people_now,
        decided_by=decided_by,
    )
