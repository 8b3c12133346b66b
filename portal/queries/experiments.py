"""Experiments side by side: automations, offers that are chosen, and coupons that have no control group (INC-05)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.orm import Session

from portal.queries.automations import OutcomeRow

SHOWN_MAX = 20

# One row per person: all that his choices brought, whichever they were, against those who were never given one.
_CHOICES = text(
    """
    SELECT CASE WHEN arm = 'chosen' THEN 'offer' ELSE 'control' END AS arm,
           CASE WHEN max(context[2]) > 0
                THEN round(10000 * (array_agg(context[6] ORDER BY id))[1])::int END AS churn_bp,
           sum(reward_minor)::bigint AS revenue, count(*) FILTER (WHERE reward_minor > 0) AS orders,
           sum(cost_minor)::bigint AS cost
      FROM offer_choice WHERE rewarded_at IS NOT NULL AND currency = :platform AND rewarded_at <= :now
     GROUP BY user_id, arm
    """
)
_PEOPLE = text(
    """
    SELECT count(DISTINCT user_id) FILTER (WHERE arm = 'chosen') AS chosen,
           count(DISTINCT user_id) FILTER (WHERE arm = 'holdout') AS holdout,
           (SELECT holdout_bp FROM incentive_house) AS holdout_bp, max(window_days) AS window_days
      FROM offer_choice
    """
)
# Coupons of the mall that nobody drew lots for, by how often they were used.
_WITHOUT = text(
    """
    SELECT c.id, c.name, c.state, c.distribution = 'grant', count(u.id) FILTER (WHERE u.status = 'redeemed') AS uses,
           count(u.id) FILTER (WHERE u.status <> 'released') AS held_of,
           count(u.id) FILTER (WHERE u.status <> 'released' AND o.fraud_hold) AS held
      FROM campaign c LEFT JOIN coupon_use u ON u.campaign_id = c.id LEFT JOIN orders o ON o.id = u.order_id
     WHERE c.store_id IS NULL AND c.state <> 'draft'
       AND NOT EXISTS (SELECT FROM automation a WHERE a.campaign_id = c.id)
       AND NOT EXISTS (SELECT FROM offer f WHERE f.campaign_id = c.id)
     GROUP BY c.id ORDER BY 5 DESC, c.id DESC LIMIT :limit
    """
)


@dataclass(frozen=True, slots=True)
class ChoosingPeople:
    """How many people were chosen for, and how many are in the permanent control group instead, of which share."""

    chosen: int
    holdout: int
    holdout_bp: int
    window_days: int


@dataclass(frozen=True, slots=True)
class WithoutControl:
    """A coupon that nobody drew lots for: how often it was used, and how many uses were held for their risk. Only one
    that is given to people (`is_given`) can be given by lot.
    """

    campaign_id: int
    name: dict[str, str]
    state: str
    is_given: bool
    uses: int
    used: int
    held: int


def choosing_people(session: Session) -> ChoosingPeople:
    """Who took part in the choosing of offers."""
    row = session.execute(_PEOPLE).one()
    return ChoosingPeople(row.chosen, row.holdout, row.holdout_bp or 0, row.window_days or 0)


def choosing_outcomes(session: Session, *, platform: str, now: datetime) -> list[OutcomeRow]:
    """What came of everybody whose choices have their days behind them."""
    return [OutcomeRow(*row) for row in session.execute(_CHOICES, {"platform": platform, "now": now})]


def campaigns_without_control(session: Session) -> list[WithoutControl]:
    """Coupons whose effect cannot be said, the most used first."""
    return [WithoutControl(*row) for row in session.execute(_WITHOUT, {"limit": SHOWN_MAX})]
