"""Write a version of the routing rules. It decides nothing until it is put in force (PAY-04)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from portal.kit.errors import PortalError
from portal.kit.text import N_
from portal.models import Channel, GatewayAccount, RoutingVersion
from portal.queries.routing_rules import load_standing, load_version
from portal.rules.permissions import Actor, Permission, may
from portal.rules.route_rules import RULES_MAX, RouteRule, rule_faults, to_json
from portal.services.audit import AuditAction, Fact, record

NOTE_LENGTH_MAX = 200


class RoutingRulesForbiddenError(PortalError):
    code = "permission_missing"
    status = 403
    sentence = N_("You may not change which gateway takes a payment.")


class RoutingRulesChangedError(PortalError):
    """Somebody else has written or released a version since this page was opened."""

    code = "routing_rules_changed"
    status = 409
    sentence = N_("Meanwhile %(who)s has written or released version %(version)s. Look at it; nothing was saved.")


class RoutingRulesRacedError(RoutingRulesChangedError):
    """Somebody was quicker by less than a transaction; who it was can be seen only in another one."""

    sentence = N_("Somebody has changed the rules in this very moment. Look at them anew; nothing was saved.")


class RoutingRulesUnfitError(PortalError):
    """Rules that cannot be so; `faults` has sentences by the place of the rule, from 1, and the field's name."""

    code = "routing_rules_unfit"
    sentence = N_("The rules were not saved: some fields need another look.")

    def __init__(self, faults: Mapping[tuple[int, str], str]) -> None:
        self.faults = dict(faults)
        super().__init__()


def save_routing_rules(
    session: Session, *, actor: Actor, rules: Sequence[RouteRule], note: str, newest: int, now: datetime
) -> int:
    """Write the rules as a new version and return its number. `newest` is the newest version that the writer has seen.

    Raises RoutingRulesForbiddenError, RoutingRulesChangedError, RoutingRulesUnfitError.
    """
    if actor.user_id is None or not may(actor, Permission.GATEWAY_CONFIGURE):
        raise RoutingRulesForbiddenError
    standing = load_standing(session)
    if standing.newest != newest:
        raise changed(session, standing.newest)
    faults = _faults(session, rules)
    if len(rules) > RULES_MAX:
        faults[RULES_MAX + 1, "targets"] = N_("A version has at most 50 rules.")
    if faults:
        raise RoutingRulesUnfitError(faults)
    version = newest + 1
    stored = to_json(rules)
    session.add(
        RoutingVersion(
            version=version, rules=stored, note=note[:NOTE_LENGTH_MAX], author_id=actor.user_id, created_at=now
        )
    )
    try:
        session.flush()
    except IntegrityError:
        raise RoutingRulesRacedError from None
    fact = Fact(AuditAction.ROUTING_WRITTEN, f"routing:{version}", after={"rules": stored, "note": note})
    record(session, fact, actor=actor, now=now)
    return version


def changed(session: Session, version: int) -> RoutingRulesChangedError:
    """The refusal for a page that is out of date, with whose version came between."""
    row = load_version(session, version=version)
    who = (row.released_by or row.author) if row is not None else ""
    return RoutingRulesChangedError(who=who, version=version)


def _faults(session: Session, rules: Sequence[RouteRule]) -> dict[tuple[int, str], str]:
    account_ids = set(session.scalars(select(GatewayAccount.id)))
    channel_ids = set(session.scalars(select(Channel.id)))
    return {
        (n, name): sentence
        for n, rule in enumerate(rules, start=1)
        for name, sentence in rule_faults(rule, account_ids=account_ids, channel_ids=channel_ids).items()
    }
