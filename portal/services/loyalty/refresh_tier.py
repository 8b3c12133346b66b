"""A person's tier follows his spending: up at once, down when its period ends (BAL-08)."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from portal.db import insert_rows
from portal.models import MemberTier, TierMove
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
    first = ladder.tiers[0]
    blank = {"tier": first.code, "since": now, "until": now, "version": 0, "checked_at": now}
    session.execute(insert(MemberTier).values(user_id=user_id, **blank).on_conflict_do_nothing())
    row = session.execute(
        select(MemberTier.tier, MemberTier.since, MemberTier.until, MemberTier.version)
        .where(MemberTier.user_id == user_id)
        .with_for_update()
    ).one()
    # Asked behind the row's lock: whoever waited for it sees what was paid meanwhile.
    spend = load_spend(session, user_id=user_id, ladder=ladder, now=now)
    known = Standing(row.tier, row.since, row.until) if row.version else None
    decision = decide(ladder, known, spend_minor=spend, now=now)
    standing = decision.standing
    session.execute(
        update(MemberTier)
        .where(MemberTier.user_id == user_id)
        .values(
            tier=standing.code,
            since=standing.since,
            until=standing.until,
            spend_minor=spend,
            version=ladder.version,
            checked_at=now,
        )
    )
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
