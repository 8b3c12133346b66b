"""Write a version of a rule of risk. It decides nothing until it is put in force (FRD-02)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Set
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from portal.kit.errors import PortalError
from portal.kit.text import N_
from portal.models import RiskRuleVersion, User
from portal.queries.risk_rules import Standing, event_currencies, load_standings
from portal.rules.fraud import POINTS_MAX, SHIPPED, Mode
from portal.rules.fraud_language import ExpressionError, parse
from portal.rules.permissions import Actor, Permission, may
from portal.services.audit import AuditAction, Fact, record

NAME_PATTERN = re.compile(r"[a-z][a-z0-9_]{2,39}")
TITLE_LENGTH_MAX = 80
NOTE_LENGTH_MAX = 200


class RiskRulesForbiddenError(PortalError):
    code = "permission_missing"
    status = 403
    sentence = N_("You may not change the rules of risk.")


class RiskRuleChangedError(PortalError):
    """Somebody else has written or released a version since this page was opened."""

    code = "risk_rule_changed"
    status = 409
    sentence = N_("Meanwhile %(who)s has changed this rule: version %(version)s. Look at it; nothing was saved.")


class RiskRuleRacedError(PortalError):
    """Somebody was quicker by less than a transaction; who it was can be seen only in another one."""

    code = "risk_rule_changed"
    status = 409
    sentence = N_("Somebody has changed this rule in this very moment. Look at it anew; nothing was saved.")


class RiskRuleUnfitError(PortalError):
    """A rule that cannot be so; `faults` has a sentence by the field's name, `error` what is wrong with its source."""

    code = "risk_rule_unfit"
    sentence = N_("The rule was not saved: some fields need another look.")

    def __init__(self, faults: Mapping[str, str], error: ExpressionError | None) -> None:
        self.faults, self.error = dict(faults), error
        super().__init__()


@dataclass(frozen=True, slots=True)
class RuleDraft:
    """A version as somebody writes it. `name` is the rule's own and stays the same through all its versions."""

    name: str
    title: str
    source: str
    mode: str
    points: int
    note: str = ""


def faults_of(draft: RuleDraft, *, sold_in: Set[str]) -> tuple[dict[str, str], ExpressionError | None]:
    """What cannot be so: sentences by the field's name, and the error of the condition.

    `sold_in` are the currencies that events have.
    """
    faults: dict[str, str] = {}
    error = None
    if not NAME_PATTERN.fullmatch(draft.name):
        faults["name"] = N_("Use 3 to 40 small letters, digits and _, a letter first.")
    if not draft.title.strip() and draft.name not in SHIPPED:
        faults["title"] = N_("Say in a few words what the rule is called.")
    if draft.mode not in set(Mode):
        faults["mode"] = N_("Choose one of these.")
    if not 0 <= draft.points <= POINTS_MAX:
        faults["points"] = N_("Points are a whole number from 0 to 100.")
    try:
        parse(draft.source, sold_in=sold_in)
    except ExpressionError as wrong:
        error = wrong
    return faults, error


def save_rule(session: Session, *, actor: Actor, draft: RuleDraft, newest: int, now: datetime) -> int:
    """Write the rule as its next version and return its number. `newest` is the newest that the writer has seen.

    Raises RiskRulesForbiddenError, RiskRuleUnfitError, RiskRuleChangedError.
    """
    if actor.user_id is None or not may(actor, Permission.FRAUD_CONFIGURE):
        raise RiskRulesForbiddenError
    faults, error = faults_of(draft, sold_in=event_currencies(session))
    if faults or error:
        raise RiskRuleUnfitError(faults, error)
    standing = load_standings(session).get(draft.name, Standing())
    if standing.newest != newest:
        raise changed(session, draft.name, standing.newest)
    version = newest + 1
    session.add(
        RiskRuleVersion(
            name=draft.name,
            version=version,
            title=draft.title.strip()[:TITLE_LENGTH_MAX],
            source=draft.source.strip(),
            mode=draft.mode,
            points=draft.points,
            note=draft.note.strip()[:NOTE_LENGTH_MAX],
            author_id=actor.user_id,
            created_at=now,
        )
    )
    try:
        session.flush()
    except IntegrityError:
        raise RiskRuleRacedError from None
    after = {"version": version, "source": draft.source.strip(), "mode": draft.mode, "points": draft.points}
    record(session, Fact(AuditAction.RISK_RULE_WRITTEN, f"risk-rule:{draft.name}", after=after), actor=actor, now=now)
    return version


def changed(session: Session, name: str, version: int) -> RiskRuleChangedError:
    """The refusal for a page that is out of date, with whose version came between."""
    who = session.scalar(
        select(User.name)
        .join(RiskRuleVersion, RiskRuleVersion.author_id == User.id)
        .where(RiskRuleVersion.name == name, RiskRuleVersion.version == version)
    )
    return RiskRuleChangedError(who=who or "", version=version)
