"""Take what results suggest, or dismiss it with a reason; only a person does either (INC-05)."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.kit.errors import PortalError
from portal.kit.text import N_
from portal.models import Automation, IncentiveSuggestion, SegmentVersion
from portal.rules.automations import AutomationDraft
from portal.rules.permissions import Actor
from portal.rules.suggestions import REASON_LENGTH_MAX, Kind
from portal.services.audit import AuditAction, Fact, record
from portal.services.incentives.save_automation import (
    check_giving,
    make_automation,
    move_automation,
    resize_automation,
)
from portal.services.incentives.save_segment import SegmentDraft, save_segment


class SuggestionGoneError(PortalError):
    """Somebody was quicker, or the results say so no longer."""

    code = "suggestion_gone"
    status = 409
    sentence = N_("This suggestion was decided or taken back meanwhile. Nothing was done.")


class SuggestionReasonError(PortalError):
    code = "suggestion_reason_missing"
    sentence = N_("Say in a few words why you dismiss it.")


def take_suggestion(session: Session, *, suggestion_id: int, reason: str, actor: Actor, now: datetime) -> int:
    """Do what is suggested, and return the automation to look at: itself, or the draft that follows it.

    A draft does nothing until somebody tries it on the past and starts it. Raises SuggestionGoneError, and what the
    act itself raises.
    """
    one, automation = _open(session, suggestion_id, actor)
    onward = automation.id
    if one.kind == Kind.STOP:
        _move(session, automation, "end", actor, now)
    elif one.kind == Kind.NARROW:
        onward = _narrow(session, one, automation, actor, now)
    elif automation.state == "ended":
        assert one.people_max is not None  # The table sees to it.
        draft = _again(automation, people_max=one.people_max, segment=automation.segment)
        onward = make_automation(session, actor=actor, draft=draft, now=now)
    else:
        assert one.people_max is not None
        resize_automation(session, automation_id=onward, people_max=one.people_max, actor=actor, now=now)
    _decide(session, one, AuditAction.SUGGESTION_TAKEN, reason, actor, now)
    return onward


def dismiss_suggestion(session: Session, *, suggestion_id: int, reason: str, actor: Actor, now: datetime) -> None:
    """Leave everything as it is. Raises SuggestionGoneError, SuggestionReasonError."""
    one, _automation = _open(session, suggestion_id, actor)
    if not reason.strip():
        raise SuggestionReasonError
    _decide(session, one, AuditAction.SUGGESTION_DISMISSED, reason, actor, now)


def _open(session: Session, suggestion_id: int, actor: Actor) -> tuple[IncentiveSuggestion, Automation]:
    one = session.get(IncentiveSuggestion, suggestion_id, with_for_update=True)
    if one is None or one.state != "open":
        raise SuggestionGoneError
    automation = session.get_one(Automation, one.automation_id, with_for_update=True)
    check_giving(actor, automation.action)
    return one, automation


def _decide(
    session: Session, one: IncentiveSuggestion, act: AuditAction, reason: str, actor: Actor, now: datetime
) -> None:
    one.state = "taken" if act is AuditAction.SUGGESTION_TAKEN else "dismissed"
    one.decided_at, one.decided_by, one.reason = now, actor.user_id, reason.strip()[:REASON_LENGTH_MAX]
    session.flush()
    after = {"automation": one.automation_id, "kind": one.kind, "segment": one.segment, "people_max": one.people_max}
    after["evidence"] = one.evidence
    fact = Fact(act, f"suggestion:{one.id}", {"state": "open"}, after, one.reason)
    record(session, fact, actor=actor, now=now)


def _narrow(session: Session, one: IncentiveSuggestion, automation: Automation, actor: Actor, now: datetime) -> int:
    """A segment of those who are in both, a draft for it, and a pause of the one for all."""
    wide, narrow = (_newest(session, key) for key in (automation.segment, one.segment))
    draft = SegmentDraft(f"narrow_{one.id}", f"{wide.title}: {narrow.title}", f"({wide.source}) and ({narrow.source})")
    save_segment(session, actor=actor, draft=draft, newest=0, now=now)
    again = _again(automation, people_max=automation.people_max, segment=draft.key)
    made = make_automation(session, actor=actor, draft=again, now=now)
    if automation.state == "running":
        _move(session, automation, "pause", actor, now)
    return made


def _move(session: Session, row: Automation, do: str, actor: Actor, now: datetime) -> None:
    move_automation(session, automation_id=row.id, do=do, version=row.version, actor=actor, now=now)


def _newest(session: Session, key: str | None) -> SegmentVersion:
    found = session.scalars(
        select(SegmentVersion).where(SegmentVersion.key == key).order_by(SegmentVersion.version.desc()).limit(1)
    ).one_or_none()
    if found is None:
        raise SuggestionGoneError
    return found


def _again(row: Automation, *, people_max: int, segment: str | None) -> AutomationDraft:
    """The same automation once more."""
    return AutomationDraft(
        title=row.title,
        channel_id=row.channel_id,
        segment=segment or "",
        event=row.event or "",
        action=row.action,
        campaign_id=row.campaign_id,
        amount_minor=row.amount_minor,
        people_max=people_max,
        every_days=row.every_days,
        control_bp=row.control_bp,
        window_days=row.window_days,
        quiet_from=row.quiet_from,
        quiet_until=row.quiet_until,
        told_by=row.told_by,
    )
