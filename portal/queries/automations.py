"""Automations as the desk shows them, and what came of them by assignment (INC-03, INC-05)."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from portal.models import Automation
from portal.queries.exchange import platform_currency

_COUNTS = text(
    """
    SELECT arm, state, reason, count(*) AS people FROM incentive_assignment
     WHERE automation_id = :id GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
    """
)
# Of an assignment `a` to an automation `g`: what the person paid for goods within the window after he was drawn, less
# what went back (`o.revenue`), and what the automation's coupon took off (`c.taken_off`), in the platform's currency.
BROUGHT = """
      LEFT JOIN LATERAL (
           SELECT count(*) AS orders,
                  sum(CASE WHEN o.currency = :platform THEN l.kept
                           ELSE floor(l.kept * o.platform_minor::numeric / nullif(o.payable_minor, 0)) END) AS revenue
             FROM orders o
             JOIN LATERAL (SELECT sum(payable_minor - refunded_minor) AS kept FROM order_line
                            WHERE order_id = o.id) l ON l.kept > 0
            WHERE o.buyer_id = a.user_id AND o.paid_at > a.assigned_at
              AND o.paid_at <= a.assigned_at + make_interval(days => g.window_days)
              AND (o.currency = :platform OR o.platform_currency = :platform)) o ON true
      LEFT JOIN LATERAL (
           SELECT sum(CASE WHEN o.currency = :platform THEN u.amount_minor
                           ELSE floor(u.amount_minor * o.platform_minor::numeric / nullif(o.payable_minor, 0))
                      END) AS taken_off
             FROM coupon_use u JOIN orders o ON o.id = u.order_id
            WHERE u.campaign_id = g.campaign_id AND u.user_id = a.user_id AND u.status = 'redeemed'
              AND u.claimed_at > a.assigned_at
              AND u.claimed_at <= a.assigned_at + make_interval(days => g.window_days)) c ON a.arm = 'offer'
"""
# What the offer cost: what its coupon took off, or what was given.
COST = """CASE WHEN g.action = 'coupon' THEN coalesce(c.taken_off, 0)
                WHEN a.state = 'made' THEN g.amount_minor ELSE 0 END::bigint"""
_OUTCOMES = text(
    f"""
    SELECT a.arm, a.churn_bp, coalesce(o.revenue, 0)::bigint AS revenue, coalesce(o.orders, 0) AS orders,
           {COST} AS cost, a.user_id, a.assigned_at
      FROM incentive_assignment a JOIN automation g ON g.id = a.automation_id {BROUGHT}
     WHERE a.automation_id = :id AND a.arm IN ('offer', 'control')
       AND a.assigned_at + make_interval(days => g.window_days) <= :now
    """  # noqa: S608  # Fragments of this file.
)


@dataclass(frozen=True, slots=True)
class OutcomeRow:
    """Somebody whose window is over: his arm, what he paid, and what was spent on him, in the platform's currency; who
    he is and when he was drawn, where he was drawn once.
    """

    arm: str
    churn_bp: int | None
    revenue: int
    orders: int
    cost: int
    user_id: uuid.UUID | None = None
    assigned_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class ArmCount:
    """How many people of an arm stand so."""

    arm: str
    state: str
    reason: str | None
    people: int


def list_automations(session: Session) -> Sequence[Automation]:
    """All of them, the newest first."""
    return list(session.scalars(select(Automation).order_by(Automation.id.desc())))


def load_automation(session: Session, *, automation_id: int) -> Automation | None:
    """One of them."""
    return session.get(Automation, automation_id)


def count_arms(session: Session, *, automation_id: int) -> list[ArmCount]:
    """Who was drawn into what, and what became of it."""
    return [ArmCount(*row) for row in session.execute(_COUNTS, {"id": automation_id})]


def load_outcomes(session: Session, *, automation_id: int, now: datetime) -> list[OutcomeRow]:
    """What everybody did whose window is over."""
    values: Mapping[str, Any] = {"id": automation_id, "now": now, "platform": platform_currency(session)}
    return [OutcomeRow(*row) for row in session.execute(_OUTCOMES, values)]


def load_grantable(session: Session) -> list[tuple[int, dict[str, str]]]:
    """Coupons of the mall that are given to people, by id and name."""
    statement = text(
        """
        SELECT id, name FROM campaign
         WHERE distribution = 'grant' AND store_id IS NULL AND state IN ('running', 'scheduled')
         ORDER BY id DESC LIMIT 200
        """
    )
    return [(row.id, row.name) for row in session.execute(statement)]


@dataclass(frozen=True, slots=True)
class Drawn:
    """Somebody who was drawn into one of two arms, how likely that one was, and whether he bought in his time."""

    is_offer: bool
    bought: bool
    churn_bp: int
    chance_bp: int


_DRAWN = text(
    """
    SELECT a.arm = 'offer' AS is_offer,
           EXISTS (SELECT FROM orders o WHERE o.buyer_id = a.user_id AND o.paid_at > a.assigned_at
                      AND o.paid_at <= a.assigned_at + make_interval(days => g.window_days)) AS bought,
           a.churn_bp, CASE WHEN a.arm = 'offer' THEN 10000 - g.control_bp ELSE g.control_bp END AS chance_bp
      FROM incentive_assignment a JOIN automation g ON g.id = a.automation_id
     WHERE a.arm IN ('offer', 'control') AND a.churn_bp IS NOT NULL
       AND a.assigned_at + make_interval(days => g.window_days) <= :now
     ORDER BY a.id DESC LIMIT 200000
    """
)


def load_drawn(session: Session, *, now: datetime) -> list[Drawn]:
    """Everybody whose time is over, of all automations, the latest first."""
    return [Drawn(*row) for row in session.execute(_DRAWN, {"now": now})]
