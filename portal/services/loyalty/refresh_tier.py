"""A person's tier follows his spending: up at once, down when its period ends (BAL-08)."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.orm import Session

from portal.db import insert_rows
from portal.models import TierMove
from portal.queries.loyalty import loyalty_directory
from portal.queries.tiers import load_spend
from portal.rules.permissions import SYSTEM
from portal.rules.tiers import Standing, decide
from portal.services.audit import AuditAction, Fact, record
from portal.services.outbox import Event, emit

_DUE = text(
    """
    SELECT u.id FROM user_account u LEFT JOIN member_tier m ON m.user_id = u.id
     WHERE (m.user_id IS NULL AND EXISTS (SELECT FROM orders o WHERE o.buyer_id = u.id AND o.paid_at IS NOT NULL))
        OR m.until <= :now OR m.version <> :version
     LIMIT :limit
    """
)
# Written out, as every purchase asks (ADR 30). Whoever meets nobody's row makes one and waits for it like all others.
_LOCKED = text("SELECT tier, since, until, version FROM member_tier WHERE user_id = :user_id FOR UPDATE")
_FIRST = text(
    """
    INSERT INTO member_tier (user_id, tier, since, until, version, checked_at)
    VALUES (:user_id, :tier, :now, :now, 0, :now) ON CONFLICT DO NOTHING
    """
)
_DECIDED = text(
    """
    UPDATE member_tier SET tier = :tier, since = :since, until = :until, spend_minor = :spend_minor,
           version = :version, checked_at = :now
     WHERE user_id = :user_id
    """
)


def tiers_due(session: Session, *, now: datetime, limit: int = 500) -> list[uuid.UUID]:
    """People whose period is over, who were decided by other tiers, or who were never looked at and have bought."""
    version = loyalty_directory(session).ladder(now).version
    if not version:
        return []
    return list(session.scalars(_DUE, {"now": now, "version": version, "limit": limit}))


def refresh_tier(session: Session, *, user_id: uuid.UUID, now: datetime) -> str | None:
    """Decide a person's tier anew and return its code; None without tiers. A second run changes nothing."""
    ladder = loyalty_directory(session).ladder(now)
    if not ladder.tiers:
        return None
    row = session.execute(_LOCKED, {"user_id": user_id}).one_or_none()
    if row is None:
        session.execute(_FIRST, {"user_id": user_id, "tier": ladder.tiers[0].code, "now": now})
        row = session.execute(_LOCKED, {"user_id": user_id}).one()
    # Asked behind the row's lock: whoever waited for it sees what was paid meanwhile.
    spend = load_spend(session, user_id=user_id, ladder=ladder, now=now)
    known = Standing(row.tier, row.since, row.until) if row.version else None
    decision = decide(ladder, known, spend_minor=spend, now=now)
    standing = decision.standing
    decided = {"tier": standing.code, "since": standing.since, "until": standing.until, "spend_minor": spend}
    session.execute(_DECIDED, {"user_id": user_id, "version": ladder.version, "now": now} | decided)
    if decision.reason is not None:
        _moved(session, user_id, known, standing, decision.reason, spend, ladder.version, now)
    return standing.code


def _moved(
    session: Session,
    user_id: uuid.UUID,
    known: Standing | None,
    standing: Standing,
    reason: str,
    spend: int,
    version: int,
    now: datetime,
) -> None:
    before = known.code if known else None
    move = {
        "user_id": user_id,
        "from_tier": before,
        "to_tier": standing.code,
        "reason": reason,
        "spend_minor": spend,
        "version": version,
        "at": now,
    }
    insert_rows(session, TierMove, [move])
    fact = Fact(
        AuditAction.TIER_MOVED,
        f"user:{user_id}",
        {"tier": before},
        {"tier": standing.code, "spend_minor": spend, "version": version},
        reason,
    )
    record(session, fact, actor=SYSTEM, now=now)
    payload = {"from": before, "to": standing.code, "reason": reason}
    emit(session, Event("tier.moved", f"user:{user_id}", payload, profile_id=user_id), now=now)
