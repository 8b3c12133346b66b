"""Take coupons and codes back, suspend them, and undo it (CPN-10, CPN-14): one, a code, a batch."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select, text, update
from sqlalchemy.orm import Session

from portal.models import CouponBatch, CouponCode, CouponGrant
from portal.rules.coupons.life import MOVES, CouponMoveRefusedError, may_become
from portal.rules.permissions import Actor
from portal.services.audit import AuditAction, Fact, record
from portal.services.coupons.guard import CampaignUnknownError, own_campaign
from portal.services.outbox import Event, emit

ACTIONS = {
    "held": AuditAction.COUPON_RESTORED,
    "active": AuditAction.COUPON_RESTORED,
    "suspended": AuditAction.COUPON_SUSPENDED,
    "revoked": AuditAction.COUPON_REVOKED,
}
TOLD = {
    "held": "coupon.restored",
    "active": "coupon.restored",
    "suspended": "coupon.suspended",
    "revoked": "coupon.revoked",
}

_BATCH_CODES = text(
    """
    WITH moved AS (UPDATE coupon_code SET state = :new WHERE batch_id = :batch_id AND state = :old RETURNING 1)
    SELECT count(*) FROM moved
    """
)


def move_grants(
    session: Session, *, grant_ids: Sequence[uuid.UUID], new: str, reason: str, actor: Actor, now: datetime
) -> int:
    """Move coupons of wallets to `held`, `suspended` or `revoked`, tell their holders; returns how many moved.

    Checks no permission: its callers do. What cannot become that stays as it is.
    """
    movable = [old for old, news in MOVES.items() if new in news]
    rows = session.execute(
        select(CouponGrant.id, CouponGrant.user_id, CouponGrant.campaign_id, CouponGrant.state)
        .where(CouponGrant.id.in_(grant_ids), CouponGrant.state.in_(movable))
        .order_by(CouponGrant.id)
        .with_for_update()
    ).all()
    if not rows:
        return 0
    session.execute(
        update(CouponGrant)
        .where(CouponGrant.id.in_([row.id for row in rows]))
        .values(state=new, ended_at=None if new == "held" else now, reason=reason)
    )
    record(
        session,
        *(
            Fact(
                ACTIONS[new],
                f"grant:{row.id}",
                before={"state": row.state},
                after={"state": new, "campaign": row.campaign_id, "user": str(row.user_id)},
                reason=reason,
            )
            for row in rows
        ),
        actor=actor,
        now=now,
    )
    for row in rows:
        payload = {"grant": str(row.id), "campaign": row.campaign_id}
        emit(session, Event(TOLD[new], f"coupon:{row.id}", payload, profile_id=row.user_id), now=now)
    return len(rows)


def move_code(session: Session, *, code: str, new: str, reason: str, actor: Actor, now: datetime) -> None:
    """Move a code to `active`, `suspended` or `revoked`, and tell whoever holds a coupon by it. Checks no permission.

    Raises CouponMoveRefusedError.
    """
    row = session.execute(
        select(CouponCode.state, CouponCode.campaign_id).where(CouponCode.code == code).with_for_update()
    ).one_or_none()
    if row is None or not may_become(row.state, new):
        raise CouponMoveRefusedError
    session.execute(update(CouponCode).where(CouponCode.code == code).values(state=new))
    fact = Fact(
        ACTIONS[new],
        f"code:{code}",
        before={"state": row.state},
        after={"state": new, "campaign": row.campaign_id},
        reason=reason,
    )
    record(session, fact, actor=actor, now=now)
    emit(session, Event(TOLD[new], f"campaign:{row.campaign_id}", {"code": code}), now=now)


def decide_grant(
    session: Session, *, campaign_id: int, grant_id: uuid.UUID, new: str, reason: str, actor: Actor, now: datetime
) -> None:
    """Revoke somebody's coupon of one's own campaign, or undo it.

    Raises CampaignUnknownError, CouponMoveRefusedError.
    """
    own_campaign(session, campaign_id=campaign_id, actor=actor)
    of = session.scalar(select(CouponGrant.campaign_id).where(CouponGrant.id == grant_id))
    if of != campaign_id:
        raise CampaignUnknownError
    if not move_grants(session, grant_ids=[grant_id], new=new, reason=reason, actor=actor, now=now):
        raise CouponMoveRefusedError


def decide_code(
    session: Session, *, campaign_id: int, code: str, new: str, reason: str, actor: Actor, now: datetime
) -> None:
    """Revoke a code of one's own campaign, or undo it. Raises CampaignUnknownError, CouponMoveRefusedError."""
    own_campaign(session, campaign_id=campaign_id, actor=actor, is_nameless=True)
    of = session.scalar(select(CouponCode.campaign_id).where(CouponCode.code == code))
    if of != campaign_id:
        raise CampaignUnknownError
    move_code(session, code=code, new=new, reason=reason, actor=actor, now=now)


def decide_batch(
    session: Session, *, campaign_id: int, batch_id: uuid.UUID, new: str, reason: str, actor: Actor, now: datetime
) -> int:
    """Revoke a batch with all its codes, or undo it; returns how many codes moved.

    A code that was revoked by itself comes back with its batch: the batch's record says who did it. Raises as
    decide_code().
    """
    own_campaign(session, campaign_id=campaign_id, actor=actor, is_nameless=True)
    row = session.execute(
        select(CouponBatch.state)
        .where(CouponBatch.id == batch_id, CouponBatch.campaign_id == campaign_id)
        .with_for_update()
    ).one_or_none()
    if row is None:
        raise CampaignUnknownError
    if not may_become(row.state, new):
        raise CouponMoveRefusedError
    session.execute(update(CouponBatch).where(CouponBatch.id == batch_id).values(state=new))
    moved = session.execute(_BATCH_CODES, {"batch_id": batch_id, "old": row.state, "new": new}).scalar_one()
    fact = Fact(
        ACTIONS[new],
        f"batch:{batch_id}",
        before={"state": row.state},
        after={"state": new, "codes": moved, "campaign": campaign_id},
        reason=reason,
    )
    record(session, fact, actor=actor, now=now)
    emit(session, Event(TOLD[new], f"campaign:{campaign_id}", {"batch": str(batch_id)}), now=now)
    return int(moved)
