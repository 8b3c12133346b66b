"""A whole campaign is paused, goes on, is withdrawn, or comes back; and time moves it by itself (CPN-10, CPN-11)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from sqlalchemy import select, text, update
from sqlalchemy.orm import Session

from portal.models import Campaign
from portal.rules.coupons.life import CouponMoveRefusedError, last_use
from portal.rules.permissions import SYSTEM, Actor
from portal.services.audit import AuditAction, Fact, record
from portal.services.coupons.guard import own_campaign
from portal.services.outbox import Event, emit

# What a person may do. A withdrawn campaign comes back; one that is over does not.
MOVES: Final[Mapping[str, frozenset[str]]] = {
    "scheduled": frozenset({"paused", "revoked"}),
    "running": frozenset({"paused", "revoked"}),
    "paused": frozenset({"running", "revoked"}),
    "ended": frozenset({"revoked"}),
    "revoked": frozenset({"running"}),
}
ACTIONS: Final = {
    "paused": AuditAction.CAMPAIGN_PAUSED,
    "running": AuditAction.CAMPAIGN_RESUMED,
    "revoked": AuditAction.CAMPAIGN_REVOKED,
}

_BY_TIME = text(
    """
    WITH due AS (
        SELECT id, state, CASE WHEN valid_until + make_interval(hours => grace_hours) <= :now THEN 'ended'
                               ELSE 'running' END AS new
          FROM campaign
         WHERE (state IN ('scheduled', 'running', 'paused')
                AND valid_until + make_interval(hours => grace_hours) <= :now)
            OR (state = 'scheduled' AND valid_from <= :now)
         ORDER BY id FOR UPDATE SKIP LOCKED
    )
    UPDATE campaign c SET state = due.new, updated_at = :now FROM due WHERE c.id = due.id
    RETURNING c.id, due.state AS old, c.state AS new
    """
)


def move_campaign(session: Session, *, campaign_id: int, new: str, reason: str, actor: Actor, now: datetime) -> None:
    """Pause a campaign, let it go on, withdraw it or undo that. Nothing that was used is touched.

    Raises CampaignUnknownError, CouponMoveRefusedError.
    """
    own_campaign(session, campaign_id=campaign_id, actor=actor, is_nameless=True)
    row = session.execute(
        select(Campaign.state, Campaign.valid_from, Campaign.valid_until, Campaign.grace_hours)
        .where(Campaign.id == campaign_id)
        .with_for_update()
    ).one()
    if new not in MOVES.get(row.state, frozenset()):
        raise CouponMoveRefusedError
    state = _by_time(row.valid_from, last_use(row.valid_until, row.grace_hours), now) if new == "running" else new
    session.execute(update(Campaign).where(Campaign.id == campaign_id).values(state=state, updated_at=now))
    fact = Fact(
        ACTIONS[new], f"campaign:{campaign_id}", before={"state": row.state}, after={"state": state}, reason=reason
    )
    record(session, fact, actor=actor, now=now)
    emit(session, Event("campaign.moved", f"campaign:{campaign_id}", {"state": state}), now=now)


def _by_time(starts_at: datetime, ends_at: datetime, now: datetime) -> str:
    if now >= ends_at:
        return "ended"
    return "running" if now >= starts_at else "scheduled"


def move_by_time(session: Session, *, now: datetime) -> int:
    """Open campaigns whose time has come, and end those whose last use is over; returns how many."""
    rows = session.execute(_BY_TIME, {"now": now}).all()
    record(
        session,
        *(
            Fact(
                AuditAction.CAMPAIGN_ENDED if row.new == "ended" else AuditAction.CAMPAIGN_OPENED,
                f"campaign:{row.id}",
                before={"state": row.old},
                after={"state": row.new},
            )
            for row in rows
        ),
        actor=SYSTEM,
        now=now,
    )
    emit(session, *(turned(row.id, row.new) for row in rows), now=now)
    return len(rows)


def turned(campaign_id: int, state: str) -> Event:
    """Tells that a campaign's instant has come: it began, or is over."""
    kind = "campaign.ended" if state == "ended" else "campaign.opened"
    return Event(kind, f"campaign:{campaign_id}", {"state": state}, priority="high")
