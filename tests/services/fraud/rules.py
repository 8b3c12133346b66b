"""Rules of risk for tests: written and put in force as an administrator does it."""

from __future__ import annotations

from portal.db import transaction
from portal.kit import clock
from portal.queries.risk_rules import load_standings
from portal.rules.permissions import Actor, Role
from portal.services.fraud.release_rule import release_rule
from portal.services.fraud.save_rule import RuleDraft, save_rule
from tests.factories.account import make_person


def make_reviewer(name: str = "rita") -> Actor:
    """Somebody who may change rules of risk."""
    return Actor(user_id=make_person(name, roles=("risk",)).id, roles=frozenset({Role.RISK}))


def write(actor: Actor, source: str, *, name: str = "cheap", mode: str = "block", newest: int = 0) -> int:
    """A version of a rule; it decides nothing yet."""
    draft = RuleDraft(name, "Cheap things", source, mode, 10)
    with transaction() as session:
        return save_rule(session, actor=actor, draft=draft, newest=newest, now=clock.now())


def place(actor: Actor, version: int, *, name: str = "cheap", shadow: bool = False, replaces: int = 0) -> None:
    """Put a version in force; one that takes another's place names its release."""
    with transaction() as session:
        release_rule(
            session,
            actor=actor,
            name=name,
            version=version,
            shadow=shadow,
            replaces=replaces,
            reason="As agreed",
            now=clock.now(),
        )


def live_release(name: str = "cheap") -> int:
    """The release that put the rule's version in force."""
    with transaction() as session:
        return load_standings(session)[name].live_release
