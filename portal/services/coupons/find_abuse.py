"""Find abuse of coupons by the rules as they are set, and suspend what they say (CPN-14)."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import delete
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from portal.kit.ids import new_id
from portal.models import CouponAct, CouponFlag
from portal.queries.coupon_abuse import Finding, load_settings, look_for
from portal.rules.coupons.abuse import WINDOW_MINUTES, AbuseSetting, Act
from portal.rules.permissions import SYSTEM
from portal.services.audit import AuditAction, Fact, record
from portal.services.coupons.end_coupons import move_code, move_grants
from portal.services.outbox import Event, emit

# Longer than any window.
ACTS_KEPT = timedelta(minutes=WINDOW_MINUTES.stop) + timedelta(days=1)


def find_abuse(session: Session, *, now: datetime) -> int:
    """Raise a flag for each code and coupon over a threshold, and suspend it if the rule says so; returns how many.

    One that is flagged already, or was looked at since, is left alone.
    """
    raised = 0
    for setting in load_settings(session).values():
        if setting.act is not Act.OFF:
            raised += sum(raise_flag(session, one, setting, now) for one in look_for(session, setting, now=now))
    return raised


def forget_acts(session: Session, *, now: datetime) -> None:
    """Forget what no rule can look at any more."""
    session.execute(delete(CouponAct).where(CouponAct.at < now - ACTS_KEPT))


def raise_flag(session: Session, found: Finding, setting: AbuseSetting, now: datetime) -> bool:
    """Flag one finding; False if somebody has been quicker."""
    flag_id, suspends = new_id(), setting.act is Act.SUSPEND
    made = session.execute(
        insert(CouponFlag)
        .values(
            id=flag_id,
            rule=found.rule.value,
            campaign_id=found.campaign_id,
            code=found.code,
            grant_id=found.grant_id,
            user_id=found.user_id,
            found=found.found,
            threshold=setting.threshold,
            is_suspended=suspends,
            raised_at=now,
        )
        .on_conflict_do_nothing()
        .returning(CouponFlag.id)
    ).one_or_none()
    if made is None:
        return False
    after = {
        "rule": found.rule.value,
        "found": found.found,
        "threshold": setting.threshold,
        "suspended": suspends,
        "campaign": found.campaign_id,
    }
    ref = f"code:{found.code}" if found.code else f"grant:{found.grant_id}"
    record(session, Fact(AuditAction.COUPON_FLAGGED, ref, after=after), actor=SYSTEM, now=now)
    emit(session, Event("coupon.flagged", f"coupon_flag:{flag_id}", {"flag": str(flag_id)}), now=now)
    if suspends:
        reason = f"rule {found.rule.value}"
        if found.code is not None:
            move_code(session, code=found.code, new="suspended", reason=reason, actor=SYSTEM, now=now)
        elif found.grant_id is not None:
            move_grants(session, grant_ids=[found.grant_id], new="suspended", reason=reason, actor=SYSTEM, now=now)
    return True
