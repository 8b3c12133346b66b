"""Write an automation, try it on the past, start it, pause it, end it (INC-03)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from math import isqrt
from typing import Any

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from portal.kit.errors import PortalError
from portal.kit.ids import new_token
from portal.kit.text import N_
from portal.models import Automation, Campaign, Channel, OutboxEvent, SegmentMove, SegmentVersion
from portal.rules.automations import (
    PEOPLE_MAX,
    TITLE_LENGTH_MAX,
    Action,
    Arm,
    AutomationDraft,
    ToldBy,
    arm_of,
    faults_of,
)
from portal.rules.permissions import Actor, Permission, may
from portal.rules.posting import POINTS
from portal.services.audit import AuditAction, Fact, record
from portal.services.incentives.assign_offers import house_group
from portal.services.incentives.consents import who_may_be_offered

PAST_DAYS = 90
# From which states one comes to which, by what is done.
MOVES: Mapping[str, tuple[frozenset[str], str]] = {
    "start": (frozenset({"draft", "paused"}), "running"),
    "pause": (frozenset({"running"}), "paused"),
    "end": (frozenset({"draft", "running", "paused"}), "ended"),
}
# What somebody must hold to give this away.
NEEDED = {
    Action.COUPON: Permission.COUPON_ISSUE,
    Action.MILEAGE: Permission.MILEAGE_CONFIGURE,
    Action.DEPOSIT: Permission.BALANCE_ADJUST,
}
_PAST_ENTRIES = text("SELECT DISTINCT user_id FROM segment_move WHERE key = :segment AND entered AND at > :since")
_PAST_EVENTS = text(
    """
    SELECT DISTINCT profile_id AS user_id FROM outbox_event
     WHERE kind = :event AND profile_id IS NOT NULL AND created_at > :since
       AND (channel_id IS NULL OR channel_id = :channel_id)
    """
)
_BOUGHT = text(
    """
    SELECT count(DISTINCT o.buyer_id) FROM orders o
     WHERE o.buyer_id = ANY(:ids) AND o.paid_at > :since AND o.paid_at <= :now
    """
)


class AutomationForbiddenError(PortalError):
    code = "permission_missing"
    status = 403
    sentence = N_("You may not give this away by an automation.")


class AutomationUnknownError(PortalError):
    code = "not_found"
    status = 404
    sentence = N_("This page or record does not exist.")


class AutomationMovedError(PortalError):
    """Its state does not allow this, or somebody was quicker."""

    code = "automation_moved"
    status = 409
    sentence = N_("The automation has changed meanwhile. Look at it anew; nothing was done.")


class AutomationUntriedError(PortalError):
    code = "automation_untried"
    sentence = N_("Try it on the past before you start it.")


class AutomationUnfitError(PortalError):
    """What cannot be so, by the field's name."""

    code = "automation_unfit"
    sentence = N_("The automation was not saved: some fields need another look.")

    def __init__(self, faults: Mapping[str, str]) -> None:
        self.faults = dict(faults)
        super().__init__()


def make_automation(session: Session, *, actor: Actor, draft: AutomationDraft, now: datetime) -> int:
    """Write it as a draft that does nothing yet, and return its number.

    Raises AutomationForbiddenError, AutomationUnfitError.
    """
    faults = faults_of(draft)
    channel = session.get(Channel, draft.channel_id)
    if channel is None:
        faults["channel_id"] = N_("Choose one of these.")
    if draft.segment and not session.scalar(select(func.count()).where(SegmentVersion.key == draft.segment)):
        faults["segment"] = N_("There is no such segment.")
    if draft.campaign_id is not None:
        campaign = session.get(Campaign, draft.campaign_id)
        if campaign is None or campaign.distribution != "grant" or campaign.store_id is not None:
            faults["campaign_id"] = N_("Choose a coupon of the mall that is given to people.")
    if faults or channel is None:
        raise AutomationUnfitError(faults)
    check_giving(actor, draft.action)
    assert actor.user_id is not None
    row = Automation(
        title=draft.title.strip()[:TITLE_LENGTH_MAX],
        channel_id=draft.channel_id,
        segment=draft.segment or None,
        event=draft.event or None,
        action=draft.action,
        campaign_id=draft.campaign_id,
        currency=POINTS if draft.action == Action.MILEAGE else channel.currency,
        amount_minor=None if draft.action == Action.COUPON else draft.amount_minor,
        people_max=draft.people_max,
        every_days=draft.every_days,
        window_days=draft.window_days,
        control_bp=draft.control_bp,
        quiet_from=draft.quiet_from,
        quiet_until=draft.quiet_until,
        told_by=draft.told_by,
        salt=new_token(),
        author_id=actor.user_id,
        created_at=now,
    )
    session.add(row)
    session.flush()
    after = {"title": row.title, "action": row.action, "people_max": row.people_max, "amount_minor": row.amount_minor}
    after["told_by"] = row.told_by
    record(session, Fact(AuditAction.AUTOMATION_WRITTEN, f"automation:{row.id}", after=after), actor=actor, now=now)
    return row.id


def simulate_automation(session: Session, *, automation_id: int, actor: Actor, now: datetime) -> dict[str, Any]:
    """Say whom it would have reached in the last PAST_DAYS days, and keep that; gives nothing to anybody.

    `bought` of those who were reached bought something within the last window: what an offer must add to is that.
    `detectable_bp` is the smallest difference of shares that these arms would show four times in five.
    """
    row = _found(session, automation_id)
    check_giving(actor, row.action)
    since = now - timedelta(days=PAST_DAYS)
    values = {"segment": row.segment, "event": row.event, "since": since, "channel_id": row.channel_id}
    reached = list(session.scalars(_PAST_ENTRIES if row.segment else _PAST_EVENTS, values))
    told_by = ToldBy(row.told_by)
    allowed = who_may_be_offered(session, user_ids=reached, channel_id=row.channel_id, told_by=told_by)
    salt, holdout_bp = house_group(session, now=now)
    arms = dict.fromkeys((one.value for one in Arm), 0)
    for user_id in allowed:
        arm = arm_of(user_id, house_salt=salt, holdout_bp=holdout_bp, salt=row.salt, control_bp=row.control_bp)
        arms[arm.value] += 1
    bought = session.scalar(_BOUGHT, {"ids": list(allowed), "since": now - timedelta(days=row.window_days), "now": now})
    offers = min(arms[Arm.OFFER], row.people_max)
    row.simulation = {
        "days": PAST_DAYS,
        "reached": len(reached),
        "allowed": len(allowed),
        **arms,
        "bought": int(bought or 0),
        "cost_minor": offers * (row.amount_minor or 0),
        "detectable_bp": detectable_bp(offers, arms[Arm.CONTROL], int(bought or 0), len(allowed)),
        "at": now.isoformat(),
    }
    row.version += 1
    return row.simulation


def detectable_bp(treated: int, control: int, bought: int, people: int) -> int | None:
    """The smallest difference of two shares, in basis points, found with power 0.8 at 5 %; None without both arms.

    2.8 standard errors of a difference of shares near bought / people, in whole numbers.
    """
    if not treated or not control or not people:
        return None
    share = min(max(bought * 10_000 // people, 100), 9_900)
    # (2.8)^2 p (1 - p) (1 / n + 1 / m), all in basis points squared.
    squared = 784 * share * (10_000 - share) * (treated + control) // (100 * treated * control)
    return isqrt(squared)


def move_automation(
    session: Session, *, automation_id: int, do: str, version: int, actor: Actor, now: datetime
) -> None:
    """Start, pause or end it. What happened before its first start reaches nobody.

    Raises AutomationUnknownError, AutomationForbiddenError, AutomationUntriedError, AutomationMovedError.
    """
    row = _found(session, automation_id)
    check_giving(actor, row.action)
    if do not in MOVES or row.version != version or row.state not in MOVES[do][0]:
        raise AutomationMovedError
    if do == "start" and row.simulation is None:
        raise AutomationUntriedError
    if do == "start" and row.started_at is None:
        row.started_at = now
        newest = SegmentMove.id if row.segment else OutboxEvent.id
        row.seen_id = session.scalar(select(func.coalesce(func.max(newest), 0))) or 0
    before, row.state, row.reason = row.state, MOVES[do][1], None
    row.version += 1
    fact = Fact(AuditAction.AUTOMATION_MOVED, f"automation:{row.id}", {"state": before}, {"state": row.state})
    record(session, fact, actor=actor, now=now)


def resize_automation(session: Session, *, automation_id: int, people_max: int, actor: Actor, now: datetime) -> None:
    """Let it reach more people at most, or fewer, never fewer than it has reached.

    Raises AutomationUnknownError, AutomationForbiddenError, AutomationMovedError for one that has ended.
    """
    row = _found(session, automation_id)
    check_giving(actor, row.action)
    if row.state == "ended":
        raise AutomationMovedError
    before, row.people_max = row.people_max, min(max(people_max, row.made, 1), PEOPLE_MAX)
    row.version += 1
    fact = Fact(
        AuditAction.AUTOMATION_RESIZED,
        f"automation:{row.id}",
        {"people_max": before},
        {"people_max": row.people_max},
    )
    record(session, fact, actor=actor, now=now)


def _found(session: Session, automation_id: int) -> Automation:
    row = session.get(Automation, automation_id, with_for_update=True)
    if row is None:
        raise AutomationUnknownError
    return row


def check_giving(actor: Actor, action: str) -> None:
    """Raises AutomationForbiddenError for who may not give such things away."""
    if actor.user_id is None or not actor.is_admin or not may(actor, NEEDED[Action(action)]):
        raise AutomationForbiddenError
