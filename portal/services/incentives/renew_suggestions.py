"""Write down by night what the results of automations suggest, and take back what they suggest no longer (INC-05)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.models import Automation, IncentiveSuggestion
from portal.queries.automations import OutcomeRow, count_arms, load_outcomes
from portal.queries.exchange import platform_currency
from portal.queries.segments import list_segments, past_membership
from portal.rules.offers import Strategy
from portal.rules.permissions import SYSTEM
from portal.rules.suggestions import Evidence, Measured, Suggestion, as_json, is_news, suggest
from portal.services.audit import AuditAction, Fact, record
from portal.services.incentives.measure_automation import drawn_as_planned, evidence_of, is_priced

# So many of the newest are measured, by so many of the largest segments.
AUTOMATIONS_MAX, SEGMENTS_MAX = 50, 10


def renew_suggestions(session: Session, *, strategy: Strategy, now: datetime) -> int:
    """Measure what was begun; returns how many suggestions are new."""
    begun = select(Automation).where(Automation.started_at.is_not(None)).order_by(Automation.id.desc())
    made = 0
    for row in session.scalars(begun.limit(AUTOMATIONS_MAX)).all():
        measured = _measured(session, row, now)
        found = suggest(measured, bound_bp=strategy.roii_bp_min) if measured else None
        made += _keep(session, row, found, now)
    session.flush()
    return made


def _measured(session: Session, row: Automation, now: datetime) -> Measured | None:
    """None where there is no cost, too few people, or groups that were not drawn as planned."""
    platform = platform_currency(session)
    if not is_priced(row, platform):
        return None
    arms = count_arms(session, automation_id=row.id)
    people, control = (sum(one.people for one in arms if one.arm == arm) for arm in ("offer", "control"))
    if not drawn_as_planned(people, control, control_bp=row.control_bp):
        return None
    rows = load_outcomes(session, automation_id=row.id, now=now)
    whole = evidence_of(row, rows)
    if whole is None:
        return None
    return Measured(row.state, row.made, row.people_max, whole, dict(_by_segment(session, row, rows)))


def _by_segment(
    session: Session, row: Automation, rows: Sequence[OutcomeRow]
) -> Sequence[tuple[str, tuple[Evidence, Evidence]]]:
    """What those added who were in a segment when they were drawn, and all others. Only an automation that waits at a
    segment can wait at a part of it.
    """
    live = [one for one in list_segments(session) if one.is_live and one.key != row.segment]
    keys = [one.key for one in sorted(live, key=lambda one: -one.size)[:SEGMENTS_MAX]] if row.segment else []
    past = past_membership(session, keys=keys, user_ids=[str(one.user_id) for one in rows])
    were = [past.of(str(one.user_id), one.assigned_at) if one.assigned_at else frozenset() for one in rows]
    found = []
    for key in keys:
        inside = evidence_of(row, [one for one, held in zip(rows, were, strict=True) if key in held])
        outside = evidence_of(row, [one for one, held in zip(rows, were, strict=True) if key not in held])
        if inside is not None and outside is not None:
            found.append((key, (inside, outside)))
    return found


def _keep(session: Session, row: Automation, found: Suggestion | None, now: datetime) -> int:
    """Make the open suggestion what was found; 1 where it is new."""
    mine = select(IncentiveSuggestion).where(IncentiveSuggestion.automation_id == row.id)
    standing = session.scalars(mine.where(IncentiveSuggestion.state == "open").with_for_update()).one_or_none()
    if found is not None and standing is not None and (standing.kind, standing.segment) == (found.kind, found.segment):
        standing.evidence = [as_json(one) for one in found.evidence]
        standing.people_max, standing.renewed_at = found.people_max, now
        return 0
    if standing is not None:
        standing.state, standing.decided_at = "withdrawn", now
        session.flush()
        fact = Fact(AuditAction.SUGGESTION_WITHDRAWN, f"suggestion:{standing.id}")
        record(session, fact, actor=SYSTEM, now=now)
    if found is None or not is_news(found.evidence[0].people, _decided(session, row, found)):
        return 0
    made = IncentiveSuggestion(
        automation_id=row.id,
        kind=found.kind,
        segment=found.segment,
        people_max=found.people_max,
        evidence=[as_json(one) for one in found.evidence],
        state="open",
        made_at=now,
        renewed_at=now,
    )
    session.add(made)
    session.flush()
    after = {"automation": row.id, "kind": found.kind, "segment": found.segment, "evidence": made.evidence}
    record(session, Fact(AuditAction.SUGGESTION_MADE, f"suggestion:{made.id}", after=after), actor=SYSTEM, now=now)
    return 1


def _decided(session: Session, row: Automation, found: Suggestion) -> int | None:
    """How many people stood behind the same when somebody decided about it last; None where nobody has."""
    last = session.scalars(
        select(IncentiveSuggestion.evidence)
        .where(
            IncentiveSuggestion.automation_id == row.id,
            IncentiveSuggestion.kind == found.kind,
            IncentiveSuggestion.segment.is_not_distinct_from(found.segment),
            IncentiveSuggestion.state.in_(("taken", "dismissed")),
        )
        .order_by(IncentiveSuggestion.id.desc())
        .limit(1)
    ).one_or_none()
    return int(last[0]["people"]) if last else None
