"""Somebody signs up by another's invitation (BAL-04)."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import exists, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from portal.models import Referral, ReferralCode, WebSession
from portal.rules.permissions import Actor
from portal.services.audit import AuditAction, Fact, record

SAME_DEVICE = "same_device"


def claim_referral(
    session: Session, *, referee_id: uuid.UUID, code: str, device_id: uuid.UUID | None, now: datetime
) -> str | None:
    """Note who invited a newcomer; returns the state, None for a code that nobody has.

    One who signs up on a device of the inviting person's is refused: he would be inviting himself. It is noted all
    the same, so that nobody claims again.
    """
    referrer_id = session.execute(
        select(ReferralCode.user_id).where(ReferralCode.code == code.strip().upper())
    ).scalar_one_or_none()
    if referrer_id is None or referrer_id == referee_id:
        return None
    refused = device_id is not None and shares_device(session, user_id=referrer_id, device_id=device_id)
    state = "refused" if refused else "waiting"
    made = session.execute(
        insert(Referral)
        .values(
            referee_id=referee_id,
            referrer_id=referrer_id,
            state=state,
            reason=SAME_DEVICE if refused else None,
            created_at=now,
            decided_at=now if refused else None,
        )
        .on_conflict_do_nothing()
        .returning(Referral.referee_id)
    ).one_or_none()
    if made is not None:
        fact = Fact(
            AuditAction.REFERRAL_CLAIMED,
            f"user:{referee_id}",
            after={"referrer": str(referrer_id), "state": state},
            reason=SAME_DEVICE if refused else None,
        )
        record(session, fact, actor=Actor(user_id=referee_id), now=now)
    return state


def shares_device(session: Session, *, user_id: uuid.UUID, device_id: uuid.UUID) -> bool:
    """Say whether somebody was ever signed in on a device."""
    known = exists().where(WebSession.user_id == user_id, WebSession.device_id == device_id)
    return bool(session.execute(select(known)).scalar_one())
