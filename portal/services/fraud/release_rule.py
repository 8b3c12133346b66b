"""Put a version of a rule of risk in force or in shadow, or take the rule out (FRD-02)."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from portal.kit.errors import PortalError
from portal.kit.text import N_
from portal.models import RiskRuleRelease, RiskRuleVersion
from portal.queries.risk_rules import load_standings
from portal.rules.fraud import SHIPPED
from portal.rules.permissions import Actor, Permission, may
from portal.services.audit import AuditAction, Fact, record
from portal.services.fraud.save_rule import RiskRuleRacedError, RiskRulesForbiddenError, changed

REASON_LENGTH_MAX = 200
_ONE_BY_ONE = text("SELECT pg_advisory_xact_lock(hashtext('risk_rule_release'))")


class RiskRuleUnknownError(PortalError):
    code = "not_found"
    status = 404
    sentence = N_("This page or record does not exist.")


class RiskRuleReasonUnfitError(PortalError):
    code = "risk_rule_reason_unfit"
    sentence = N_("Say in at most 200 characters why.")


def release_rule(
    session: Session,
    *,
    actor: Actor,
    name: str,
    version: int,
    shadow: bool,
    replaces: int,
    reason: str,
    now: datetime,
) -> None:
    """Let decisions go by this version from the commit on, in every process; 0 takes the rule out of its place.

    In `shadow` it is tried beside the one in force and only noted; put in force, its shadow ends. `replaces` is the id
    of the release that the person has seen there, 0 for none. Raises RiskRulesForbiddenError, RiskRuleUnknownError,
    RiskRuleReasonUnfitError, RiskRuleChangedError.
    """
    if actor.user_id is None or not may(actor, Permission.FRAUD_CONFIGURE):
        raise RiskRulesForbiddenError
    # One after the other: what processes keep is told by the newest release, so none may become seen after a newer one.
    session.execute(_ONE_BY_ONE)
    standing = load_standings(session).get(name)
    if standing is None or (version and not _exists(session, name, version)):
        raise RiskRuleUnknownError
    reason = reason.strip()
    if not 0 < len(reason) <= REASON_LENGTH_MAX:
        raise RiskRuleReasonUnfitError
    was, was_release = (standing.shadow, standing.shadow_release) if shadow else (standing.live, standing.live_release)
    if was == version:
        return
    if was_release != replaces:
        raise changed(session, name, was)
    places = [(shadow, version, was_release)]
    if not shadow and version and standing.shadow == version:
        places.append((True, 0, standing.shadow_release))
    for is_shadow, number, before in places:
        session.add(
            RiskRuleRelease(
                name=name,
                is_shadow=is_shadow,
                version=number,
                replaces_id=before,
                released_by=actor.user_id,
                released_at=now,
                reason=reason,
            )
        )
    try:
        session.flush()
    except IntegrityError:
        raise RiskRuleRacedError from None
    fact = Fact(
        AuditAction.RISK_RULE_RELEASED,
        f"risk-rule:{name}",
        {"version": was},
        {"version": version, "shadow": shadow},
        reason=reason,
    )
    record(session, fact, actor=actor, now=now)


def _exists(session: Session, name: str, version: int) -> bool:
    if name in SHIPPED and version == SHIPPED[name].version:
        return True
    same = RiskRuleVersion.name == name, RiskRuleVersion.version == version
    return session.scalar(select(RiskRuleVersion.version).where(*same)) is not None
