"""Draw those into an arm whom an automation reaches. It is committed before anybody is offered anything (INC-03)."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from datetime import datetime, timedelta

from sqlalchemy import select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from portal.db import insert_rows
from portal.kit.ids import new_token
from portal.models import Automation, Channel, IncentiveAssignment, IncentiveHouse
from portal.rules.automations import HOLDOUT_BP, Arm, ToldBy, arm_of, may_tell_at
from portal.services.incentives.consents import who_may_be_offered

AT_ONCE = 2_000
_ENTRIES = text(
    """
    SELECT id, user_id FROM segment_move WHERE key = :segment AND entered AND id > :seen ORDER BY id LIMIT :limit
    """
)
# An event may be committed after one of a higher number: those of the last moments wait for the next time.
_EVENTS = text(
    """
    SELECT id, profile_id AS user_id FROM outbox_event
     WHERE kind = :event AND id > :seen AND profile_id IS NOT NULL AND (channel_id IS NULL OR channel_id = :channel_id)
       AND created_at < CAST(:now AS timestamptz) - interval '10 seconds'
     ORDER BY id LIMIT :limit
    """
)
# Who was offered something lately, is here already, or is no buyer that can be offered anything.
_REACHED = text(
    """
    SELECT u.id, s.churn_bp FROM user_account u LEFT JOIN customer_score s ON s.user_id = u.id
     WHERE u.id = ANY(:ids) AND u.state = 'active' AND 'buyer' = ANY(u.roles)
       AND NOT EXISTS (SELECT FROM incentive_assignment a WHERE a.automation_id = :automation AND a.user_id = u.id)
       AND NOT EXISTS (SELECT FROM incentive_assignment a WHERE a.user_id = u.id AND a.arm = 'offer'
                          AND (a.made_at > :since OR a.state = 'waiting'))
       AND NOT EXISTS (SELECT FROM offer_choice c WHERE c.user_id = u.id AND c.offer_id IS NOT NULL
                          AND c.chosen_at > :since)
    """
)


def running(session: Session) -> list[int]:
    """Automations that look for people."""
    return list(session.scalars(select(Automation.id).where(Automation.state == "running").order_by(Automation.id)))


def house_group(session: Session, *, now: datetime) -> tuple[str, int]:
    """The salt and the share of the permanent control group, drawn once for all time."""
    blank = {"id": 1, "salt": new_token(), "holdout_bp": HOLDOUT_BP, "made_at": now}
    session.execute(insert(IncentiveHouse).values(blank).on_conflict_do_nothing())
    row = session.execute(select(IncentiveHouse.salt, IncentiveHouse.holdout_bp)).one()
    return row.salt, row.holdout_bp


def assign_offers(session: Session, *, automation_id: int, now: datetime) -> int:
    """Draw whoever has come since the last time; returns how many were drawn. A second run draws nobody twice."""
    row = session.get_one(Automation, automation_id, with_for_update=True)
    if row.state != "running":
        return 0
    values = {"seen": row.seen_id, "limit": AT_ONCE, "now": now, "channel_id": row.channel_id}
    if row.segment is not None:
        came = session.execute(_ENTRIES, values | {"segment": row.segment}).all()
    else:
        came = session.execute(_EVENTS, values | {"event": row.event}).all()
    if not came:
        return 0
    drawn = draw(session, automation=row, user_ids={one.user_id for one in came}, now=now)
    session.execute(update(Automation).where(Automation.id == row.id).values(seen_id=came[-1].id))
    return drawn


def draw(session: Session, *, automation: Automation, user_ids: Collection[uuid.UUID], now: datetime) -> int:
    """Write the arm of each of these who may be offered something: the same for all arms, so that they compare."""
    told_by = ToldBy(automation.told_by)
    allowed = who_may_be_offered(session, user_ids=user_ids, channel_id=automation.channel_id, told_by=told_by)
    since = now - timedelta(days=automation.every_days)
    reached = session.execute(_REACHED, {"ids": list(allowed), "automation": automation.id, "since": since}).all()
    salt, holdout_bp = house_group(session, now=now)
    channel = session.execute(
        select(Channel.time_zone, Channel.country).where(Channel.id == automation.channel_id)
    ).one()
    due_at = may_tell_at(
        now,
        zone=channel.time_zone,
        country=channel.country,
        quiet=(automation.quiet_from, automation.quiet_until),
    )
    rows = []
    for one in reached:
        arm = arm_of(
            one.id, house_salt=salt, holdout_bp=holdout_bp, salt=automation.salt, control_bp=automation.control_bp
        )
        is_offer = arm is Arm.OFFER
        rows.append(
            {
                "automation_id": automation.id,
                "user_id": one.id,
                "arm": arm.value,
                "state": "waiting" if is_offer else "withheld",
                "reason": None if is_offer else arm.value,
                "churn_bp": one.churn_bp,
                "assigned_at": now,
                "due_at": due_at,
            }
        )
    insert_rows(session, IncentiveAssignment, rows, once=("automation_id", "user_id"))
    return len(rows)
