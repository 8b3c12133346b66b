"""Coupons run out on time, and their holders hear of it before (CPN-11). Both are safe to run twice."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from portal.rules.coupons.life import WARNED_BEFORE
from portal.rules.permissions import SYSTEM
from portal.services.audit import AuditAction, Fact, record
from portal.services.outbox import Event, emit

AT_ONCE = 500

_EXPIRE = text(
    """
    UPDATE coupon_grant g SET state = 'expired', ended_at = :now
      FROM campaign c
     WHERE c.id = g.campaign_id AND g.id IN (
           SELECT g2.id FROM coupon_grant g2 JOIN campaign c2 ON c2.id = g2.campaign_id
            WHERE g2.state IN ('held', 'suspended')
              AND c2.valid_until + make_interval(hours => c2.grace_hours) <= :now
            ORDER BY g2.id LIMIT :most FOR UPDATE OF g2 SKIP LOCKED)
    RETURNING g.id, g.user_id, g.campaign_id
    """
)
# Who could not use it any more, or has used it up, is not told that he still can.
_WARN = text(
    """
    UPDATE coupon_grant SET warned_at = :now
     WHERE id IN (
           SELECT g.id FROM coupon_grant g JOIN campaign c ON c.id = g.campaign_id
             LEFT JOIN coupon_tally t ON t.campaign_id = g.campaign_id AND t.user_id = g.user_id
            WHERE g.state = 'held' AND g.warned_at IS NULL AND c.state IN ('scheduled', 'running')
              AND c.valid_until > :now AND c.valid_until <= CAST(:now AS timestamptz) + CAST(:before AS interval)
              AND c.valid_from <= :now AND g.granted_at < c.valid_until - CAST(:before AS interval)
              AND (c.per_user_cap IS NULL OR coalesce(t.used, 0) < c.per_user_cap)
            ORDER BY g.id LIMIT :most FOR UPDATE OF g SKIP LOCKED)
    RETURNING id, user_id, campaign_id
    """
)


def expire_grants(session: Session, *, now: datetime) -> int:
    """Let coupons run out whose last use is over; returns how many, at most AT_ONCE."""
    rows = session.execute(_EXPIRE, {"now": now, "most": AT_ONCE}).all()
    record(
        session,
        *(
            Fact(
                AuditAction.COUPON_EXPIRED,
                f"grant:{row.id}",
                before={"state": "held"},
                after={"state": "expired", "campaign": row.campaign_id, "user": str(row.user_id)},
            )
            for row in rows
        ),
        actor=SYSTEM,
        now=now,
    )
    return len(rows)


def warn_of_expiry(session: Session, *, now: datetime) -> int:
    """Tell the holders of coupons that end within WARNED_BEFORE, each once; returns how many, at most AT_ONCE."""
    rows = session.execute(_WARN, {"now": now, "before": WARNED_BEFORE, "most": AT_ONCE}).all()
    for campaign_id, grant_ids in _by_campaign(rows).items():
        payload = {"campaign": campaign_id, "grants": [str(one) for one in grant_ids]}
        emit(session, Event("coupon.expires", f"campaign:{campaign_id}", payload), now=now)
    return len(rows)


def _by_campaign(rows: Iterable[Row[tuple[uuid.UUID, uuid.UUID, int]]]) -> dict[int, list[uuid.UUID]]:
    found: dict[int, list[uuid.UUID]] = defaultdict(list)
    for row in rows:
        found[row.campaign_id].append(row.id)
    return found
