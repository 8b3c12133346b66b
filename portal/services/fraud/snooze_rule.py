"""Let a rule of risk be quiet for one user or IP address until a time; it is noted all the same (FRD-02)."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta

from sqlalchemy import update
from sqlalchemy.orm import Session

from portal.crypto import blind_index
from portal.kit.errors import PortalError
from portal.kit.ids import new_id
from portal.kit.text import N_
from portal.models import RiskSnooze
from portal.queries.risk_rules import load_standings
from portal.rules.permissions import Actor, Permission, may
from portal.services.audit import AuditAction, Fact, record
from portal.services.fraud.release_rule import REASON_LENGTH_MAX, RiskRuleReasonUnfitError, RiskRuleUnknownError
from portal.services.fraud.save_rule import RiskRulesForbiddenError

LONGEST = timedelta(days=180)
KINDS = ("user", "ip")


class SnoozeUnfitError(PortalError):
    code = "snooze_unfit"
    sentence = N_("Choose a time within the next 180 days.")


class SnoozeValueUnfitError(PortalError):
    code = "snooze_value_unfit"
    sentence = N_("Name somebody who has an account here, or an IP address.")


def snooze_rule(
    session: Session, *, actor: Actor, rule: str, kind: str, value: str, until: datetime, reason: str, now: datetime
) -> uuid.UUID:
    """Quieten `rule` for this user's id or IP address; returns the snooze. Of the value only a blind index is kept.

    Raises RiskRulesForbiddenError, RiskRuleUnknownError, RiskRuleReasonUnfitError, SnoozeUnfitError.
    """
    if actor.user_id is None or not may(actor, Permission.FRAUD_DECIDE):
        raise RiskRulesForbiddenError
    if rule not in load_standings(session) or kind not in KINDS:
        raise RiskRuleUnknownError
    if not value:
        raise SnoozeValueUnfitError
    reason = reason.strip()
    if not 0 < len(reason) <= REASON_LENGTH_MAX:
        raise RiskRuleReasonUnfitError
    if not now < until <= now + LONGEST:
        raise SnoozeUnfitError
    snooze_id = new_id()
    session.add(
        RiskSnooze(
            id=snooze_id,
            rule=rule,
            kind=kind,
            value_index=blind_index(f"{kind}:{value}"),
            until=until,
            reason=reason,
            created_by=actor.user_id,
            created_at=now,
        )
    )
    after = {"kind": kind, "until": until.isoformat()} | ({"user": value} if kind == "user" else {})
    fact = Fact(AuditAction.RISK_RULE_SNOOZED, f"risk-rule:{rule}", after=after, reason=reason)
    record(session, fact, actor=actor, now=now)
    return snooze_id


def end_snooze(session: Session, *, actor: Actor, snooze_id: uuid.UUID, now: datetime) -> None:
    """Let the rule speak again. Once is as good as twice. Raises RiskRulesForbiddenError."""
    if actor.user_id is None or not may(actor, Permission.FRAUD_DECIDE):
        raise RiskRulesForbiddenError
    ended = session.scalar(
        update(RiskSnooze)
        .where(RiskSnooze.id == snooze_id, RiskSnooze.ended_at.is_(None))
        .values(ended_at=now)
        .returning(RiskSnooze.rule)
        .execution_options(synchronize_session=False)
    )
    if ended is not None:
        fact = Fact(AuditAction.RISK_RULE_SNOOZE_ENDED, f"risk-rule:{ended}", after={"snooze": str(snooze_id)})
        record(session, fact, actor=actor, now=now)
