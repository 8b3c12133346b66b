"""Put a version of the routing rules in force, a new one or an earlier one again (PAY-04)."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from portal.kit.errors import PortalError
from portal.kit.text import N_
from portal.models import RoutingRelease, RoutingVersion
from portal.queries.routing_rules import load_standing
from portal.rules.permissions import Actor, Permission, may
from portal.services.audit import AuditAction, Fact, record
from portal.services.payments.save_routing_rules import (
    RoutingRulesForbiddenError,
    RoutingRulesRacedError,
    changed,
)

REASON_LENGTH_MAX = 200


class RoutingVersionUnknownError(PortalError):
    code = "not_found"
    status = 404
    sentence = N_("This page or record does not exist.")


class RoutingReasonUnfitError(PortalError):
    code = "routing_reason_unfit"
    sentence = N_("Say in at most 200 characters why it is put in force.")


def release_routing_rules(
    session: Session, *, actor: Actor, version: int, replaces: int, reason: str, now: datetime
) -> None:
    """Let payments go by this version from the commit on, in every process. One that is in force stays so.

    `replaces` is the id of the release that the person has seen in force, 0 for none. Raises
    RoutingRulesForbiddenError, RoutingVersionUnknownError, RoutingReasonUnfitError, RoutingRulesChangedError.
    """
    if actor.user_id is None or not may(actor, Permission.GATEWAY_CONFIGURE):
        raise RoutingRulesForbiddenError
    wanted = session.get(RoutingVersion, version)
    if wanted is None:
        raise RoutingVersionUnknownError
    reason = reason.strip()
    if not 0 < len(reason) <= REASON_LENGTH_MAX:
        raise RoutingReasonUnfitError
    standing = load_standing(session)
    if standing.live == version:
        return
    if standing.release_id != replaces:
        raise changed(session, standing.live)
    session.add(
        RoutingRelease(version=version, replaces_id=replaces, released_by=actor.user_id, released_at=now, reason=reason)
    )
    try:
        session.flush()
    except IntegrityError:
        raise RoutingRulesRacedError from None
    fact = Fact(
        AuditAction.ROUTING_RELEASED,
        f"routing:{version}",
        {"version": standing.live},
        {"version": version, "rules": wanted.rules, "reason": reason},
    )
    record(session, fact, actor=actor, now=now)
