"""Pause automations whose offers are abused, or surely return too little (INC-05)."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from portal.models import Automation
from portal.queries.automations import load_outcomes
from portal.rules.offers import Strategy
from portal.rules.permissions import SYSTEM
from portal.services.audit import AuditAction, Fact, record
from portal.services.incentives.learn_offers import USES_MIN
from portal.services.incentives.measure_automation import is_net, measure_outcomes

_HELD = text(
    """
    SELECT count(*) AS uses, count(*) FILTER (WHERE o.fraud_hold) AS held
      FROM incentive_assignment s JOIN coupon_use u ON u.campaign_id = :campaign AND u.user_id = s.user_id
      JOIN orders o ON o.id = u.order_id
     WHERE s.automation_id = :id AND s.state = 'made' AND u.status <> 'released' AND u.claimed_at > s.assigned_at
    """
)


def pause_automations(session: Session, *, strategy: Strategy, now: datetime) -> list[int]:
    """Pause those that run beyond a bound of the strategy; returns them. Points and deposit have no uses to be held.

    What a coupon returns per unit spent is measured against the control group; only where the best end of its range
    lies below the bound is it too little.
    """
    paused = []
    running = select(Automation).where(Automation.state == "running", Automation.campaign_id.is_not(None))
    for row in session.scalars(running.order_by(Automation.id).with_for_update()).all():
        held = session.execute(_HELD, {"id": row.id, "campaign": row.campaign_id}).one()
        if held.uses >= USES_MIN and held.held * 10_000 > held.uses * strategy.fraud_bp_max:
            row.reason = "fraud"
        elif _returns_too_little(session, row, strategy, now):
            row.reason = "roii"
        else:
            continue
        row.state = "paused"
        row.version += 1
        after = {"state": "paused", "uses": held.uses, "held": held.held}
        fact = Fact(AuditAction.AUTOMATION_MOVED, f"automation:{row.id}", {"state": "running"}, after, row.reason)
        record(session, fact, actor=SYSTEM, now=now)
        paused.append(row.id)
    return paused


def _returns_too_little(session: Session, row: Automation, strategy: Strategy, now: datetime) -> bool:
    rows = load_outcomes(session, automation_id=row.id, now=now)
    found = measure_outcomes(rows, is_priced=True, is_net=is_net(row), is_ranked=False)
    return found is not None and found.roii is not None and found.roii.high * 10_000 < strategy.roii_bp_min
