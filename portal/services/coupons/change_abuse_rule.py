"""Set a rule of coupon abuse anew; what was decided by it before stays decided (CPN-14)."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from portal.kit.errors import PortalError
from portal.kit.text import N_
from portal.models import CouponAbuseRule
from portal.queries.coupon_abuse import load_settings
from portal.rules.coupons.abuse import AbuseSetting
from portal.rules.permissions import Actor, Permission, Scope, scopes_of
from portal.services.audit import AuditAction, Fact, label, record


class AbuseRuleUnknownError(PortalError):
    code = "not_found"
    status = 404
    sentence = N_("This page or record does not exist.")


def change_abuse_rule(session: Session, *, setting: AbuseSetting, actor: Actor, now: datetime) -> None:
    """Set a rule anew, from now on. Raises AbuseRuleUnknownError for whoever may not."""
    if Scope.ALL not in scopes_of(actor, Permission.FRAUD_CONFIGURE):
        raise AbuseRuleUnknownError
    before = load_settings(session)[setting.rule]
    values = {
        "threshold": setting.threshold,
        "window_minutes": int(setting.window.total_seconds()) // 60,
        "act": setting.act.value,
        "changed_at": now,
        "changed_by": label(actor),
    }
    session.execute(
        insert(CouponAbuseRule)
        .values(name=setting.rule.value, **values)
        .on_conflict_do_update(index_elements=["name"], set_=values)
    )
    fact = Fact(
        AuditAction.COUPON_RULE_CHANGED, f"coupon-rule:{setting.rule}", before=_plain(before), after=_plain(setting)
    )
    record(session, fact, actor=actor, now=now)


def _plain(setting: AbuseSetting) -> dict[str, object]:
    return {"threshold": setting.threshold, "minutes": setting.window.total_seconds() // 60, "act": setting.act.value}
